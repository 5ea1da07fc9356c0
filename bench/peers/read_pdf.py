"""Reads PDFs with markitdown, in an environment of its own: paths on stdin, a JSON line of text and CPU seconds for each."""

import json
import sys
import time

from markitdown import MarkItDown

reader = MarkItDown(enable_plugins=False)
for path in sys.stdin.read().split("\n"):
    if path:
        began = time.process_time()
        text = reader.convert(path).text_content
        print(json.dumps({"text": text, "seconds": time.process_time() - began}), flush=True)
