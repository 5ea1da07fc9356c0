"""`python -m stoa.api.openapi` writes the OpenAPI document to stdout: the page's types are made from it (`make api-client`)."""

import json
import sys

from stoa.api.control import create_app
from stoa.settings import Settings

if __name__ == "__main__":
    json.dump(create_app(Settings()).openapi(), sys.stdout, indent=1)
