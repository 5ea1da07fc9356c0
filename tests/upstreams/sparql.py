"""A SPARQL 1.1 endpoint over Oxigraph, in a process of its own: query and update by POST, graphs as the protocol says.

Run as `python -m tests.upstreams.sparql USER PASSWORD`; its first line on stdout is its port.
"""

import base64
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pyoxigraph as ox


class Endpoint(BaseHTTPRequestHandler):
    store = ox.Store()
    expected = ""

    def do_POST(self) -> None:
        if self.headers["authorization"] != self.expected:
            self._say(401, "text/plain", b"who are you?")
            return
        fields = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode(), keep_blank_values=True)
        try:
            if "update" in fields:
                self.store.update(fields["update"][0])
                self._say(204, "text/plain", b"")
            else:
                self._query(fields)
        except SyntaxError as error:
            self._say(400, "text/plain", str(error).encode())

    def _query(self, fields: dict[str, list[str]]) -> None:
        default = [ox.NamedNode(iri) for iri in fields.get("default-graph-uri", [])]
        named = [ox.NamedNode(iri) for iri in fields.get("named-graph-uri", [])]
        chosen = {"default_graph": default, "named_graphs": named} if default or named else {}
        results = self.store.query(fields["query"][0], **chosen)  # type: ignore[arg-type]
        if isinstance(results, ox.QueryTriples):
            self._say(200, "application/n-triples", results.serialize(format=ox.RdfFormat.N_TRIPLES) or b"")
        else:
            self._say(200, "application/sparql-results+json", results.serialize(format=ox.QueryResultsFormat.JSON) or b"")

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: the tests read stdout."""


if __name__ == "__main__":
    Endpoint.expected = "Basic " + base64.b64encode(f"{sys.argv[1]}:{sys.argv[2]}".encode()).decode()
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    print(server.server_port, flush=True)
    server.serve_forever()
