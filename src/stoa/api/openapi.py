"""`python -m stoa.api.openapi` writes the OpenAPI document to stdout: the page's types are made from it (`make api-client`)."""

import json
import sys

from stoa.api.control import create_app
from stoa.api.description import describe
from stoa.settings import Settings

if __name__ == "__main__":
    json.dump(describe(create_app(Settings())), sys.stdout, indent=1)
