"""A loopback server that speaks ClickHouse's HTTP protocol, with chdb, the real engine, behind it.

So clickhouse-connect's HTTP client is tested as it is used, with authentication, settings and error codes. There is
one engine in a process; whoever opens it shares its tables. Only what a reader needs is here: no inserts.
"""

import base64
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

TRANSPORT = {
    "query",
    "database",
    "compress",
    "decompress",
    "session_id",
    "query_id",
    "wait_end_of_query",
    "role",
}
TRANSPORT |= {"enable_http_compression", "send_progress_in_http_headers", "http_headers_progress_interval_ms"}
TRANSPORT |= {"client_protocol_version", "cancel_http_readonly_queries_on_client_close", "buffer_size"}

_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)\.")


@dataclass
class Request:
    """A query as it arrived: its text, its bound parameters, and the settings that came with it."""

    query: str
    parameters: dict[str, str]
    settings: dict[str, str]


@dataclass
class ClickHouseServer:
    """A running server.

    Attributes:
        port: where it listens, on the loopback.
        users: user → password.
        requests: what was asked, for tests to look at.
        failing: text within a query → the error that the server answers it with.
    """

    port: int
    users: Mapping[str, str]
    requests: list[Request] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/default"


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, users: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.engine = chdb.connect(":memory:")
        self.lock = threading.Lock()
        self.state = ClickHouseServer(self.server_port, users)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, body: bytes) -> None:
        if urlsplit(self.path).path == "/ping":
            self._send(200, b"Ok.\n", {})
        elif not self._is_known():
            self._fail("Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)")
        else:
            self._run(read_request(self.path, self.headers, body))

    def _is_known(self) -> bool:
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        return kind == "Basic" and self.server.state.users.get(user) == password

    def _run(self, request: Request) -> None:
        self.server.state.requests.append(request)
        for text, error in self.server.state.failing.items():
            if text in request.query:
                self._fail(error)
                return
        found = _FORMAT.search(request.query)
        query = _FORMAT.sub("", request.query) + written(request.settings)
        kind = found[1] if found else "TabSeparated"
        try:
            with self.server.lock:
                result = self.server.engine.query(query, kind, params=request.parameters).bytes()
        except RuntimeError as error:
            self._fail(str(error))
        else:
            self._send(200, result, {"X-ClickHouse-Format": kind})

    def _fail(self, message: str) -> None:
        code = _CODE.search(message)
        self._send(500, message.encode(), {"X-ClickHouse-Exception-Code": code[1] if code else "0"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        shared = {"X-ClickHouse-Query-Id": str(uuid.uuid4()), "X-ClickHouse-Summary": "{}"}
        length = {"Content-Length": str(len(body)), "X-ClickHouse-Timezone": "UTC"}
        for name, value in {**shared, **length, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def clickhouse_server(users: Mapping[str, str]) -> Iterator[ClickHouseServer]:
    """Serve the process's engine."""
    listener = _Listener(users)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield listener.state
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        listener.engine.close()


def read_request(path: str, headers: Message, body: bytes) -> Request:
    """Take a request apart: the query stands in the body, in the address, or in a form."""
    named = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
    if headers.get_content_type() == "multipart/form-data":
        named |= form(headers, body)
        body = b""
    query = "\n".join(part for part in (named.get("query", ""), body.decode()) if part)
    parameters = {
        name.removeprefix("param_"): value for name, value in named.items() if name.startswith("param_")
    }
    settings = {
        name: value
        for name, value in named.items()
        if name not in TRANSPORT and not name.startswith("param_")
    }
    return Request(query, parameters, settings)


def form(headers: Message, body: bytes) -> dict[str, str]:
    """Read a multipart form."""
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    fields = {}
    for part in BytesParser().parsebytes(head + body).get_payload():
        assert isinstance(part, Message)
        value = part.get_payload(decode=True)
        assert isinstance(value, bytes)
        fields[str(part.get_param("name", header="Content-Disposition"))] = value.decode()
    return fields


def written(settings: Mapping[str, str]) -> str:
    """Write settings behind a query; the engine here takes no `readonly`, as a failed query would keep it so."""
    listed = ", ".join(f"{name} = '{value}'" for name, value in settings.items() if name != "readonly")
    return f"\nSETTINGS {listed}" if listed else ""
