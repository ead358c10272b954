"""A server on the loopback whose answers a test writes as a function: real HTTP, no network."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Request(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What the server says; a status of 0 breaks the connection instead."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


Answerer = Callable[[Request], Reply]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answerer: Answerer

    def log_message(self, *arguments: Any) -> None:
        pass

    def answer(self) -> None:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, address.path, dict(parse_qsl(address.query)), headers, body)
        reply = type(self).answerer(request)
        if reply.status == 0:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)


@contextmanager
def loopback(answerer: Answerer) -> Iterator[str]:
    """Serve, and give the address."""
    methods = {f"do_{method}": _Handler.answer for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    handler = type("Handler", (_Handler,), {"answerer": staticmethod(answerer), **methods})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
