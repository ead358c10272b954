"""The one HTTP client: timeouts, few retries, bounded answers, and errors that say what to do and hold no secret.

A request that may be repeated (GET, PUT, DELETE, …, or one that its caller calls repeatable, as a POST with an
idempotency key) is sent again when the server is overloaded or the connection breaks. Any other is sent again only
when the server has certainly not carried it out: it was not reached, or it refused because of a limit.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import count
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import httpx

from ratebook import __version__
from ratebook.findings import printable
from ratebook.sources.errors import without_credentials

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_OVERLOADED: Final = frozenset({502, 503, 504})
_LIMITED: Final = 429
_FORBIDDEN: Final = 403
"""Some servers say so when they limit requests, and then how long to wait."""
_SUCCESS: Final = 2
_REDIRECT: Final = 3
_MOVED: Final = frozenset({307, 308})
_MOVED_READING: Final = frozenset({301, 302, 303})
"""Redirects that a client may answer by reading, whatever it asked."""
_MOST_MOVES: Final = 3
_WRONG: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.ProxyError)
"""What goes wrong every time."""
_SHOWN: Final = 300
"""Characters of a refusal's text that an error quotes."""
_SHORTEST_SECRET: Final = 8

_ADVICE: Final = {
    401: "the server does not know the token: look whether it is set, whole and not expired",
    403: "the token may not do this: look at its permissions",
    404: "nothing is there, or the token may not see it: look at the address and at the token's permissions",
    413: "the request is too large for the server",
    422: "the server finds the request wrong, as it says",
    429: "the server limits requests: try again later",
}


class Answer(NamedTuple):
    """What a server answered.

    Attributes:
        status: HTTP status, 200 to 299.
        headers: names in lower case.
        body: as it is after decompression.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the server says
        """Read the body; a number with a point is a `Decimal`, so that an amount stays what was sent.

        Raises:
            HttpError: the body is no JSON.
        """
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError as error:
            shown = printable(self.body[:_SHOWN].decode("utf-8", "replace"))
            raise HttpError(
                f"the server's answer is no JSON ({error}): {shown}\n"
                "  = help: look whether the address leads to the API, or to a proxy's page",
                self,
            ) from None


class HttpError(Exception):
    """A request that did not succeed; the message names it without credentials, says why and what to do.

    Attributes:
        answer: what the server said, or None where it said nothing.
    """

    def __init__(self, message: str, answer: Answer | None = None) -> None:
        self.answer = answer
        super().__init__(message)

    @property
    def status(self) -> int | None:
        """The HTTP status, or None where there was no answer."""
        return self.answer.status if self.answer is not None else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much a client bears.

    Attributes:
        seconds: longest silence of the server, and longest time to connect.
        attempts: how often a request is sent at most.
        wait: seconds before the second attempt; each further one waits twice as long.
        longest_wait: a server that asks for a longer wait than this is not waited for.
        most_bytes: of an answer's body, decompressed.
    """

    seconds: float = 30.0
    attempts: int = 4
    wait: float = 1.0
    longest_wait: float = 60.0
    most_bytes: int = 32 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request, relative to the client's address.

    Attributes:
        path: appended to the address.
        query: parameters behind the question mark; errors do not show them.
        json: document to send, or None.
        form: fields to send as a form, or None.
        repeatable: whether sending it twice does no more than sending it once; None asks the method.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, str] | None = None
    repeatable: bool | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again although the server may have carried it out."""
        return self.method in _REPEATABLE if self.repeatable is None else self.repeatable


class Http:
    """Speaks to one server; `headers` go with every request and are never shown."""

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        limits: Limits = Limits(),
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address.rstrip("/")
        self._headers = {"User-Agent": f"ratebook/{__version__}", **headers}
        words = {word for value in headers.values() for word in value.split()}
        self._secrets = [word for word in words if len(word) >= _SHORTEST_SECRET]
        self._limits = limits
        self._wait = wait
        self._client = httpx.Client(timeout=limits.seconds, follow_redirects=False)

    def __enter__(self) -> Self:
        """Begin to speak."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, request: Request) -> Answer:
        """Send a request, again where that is safe and may help.

        Raises:
            HttpError: there was no answer, or one that is no success.
        """
        for attempt in count(1):
            outcome = self._attempt(request)
            if isinstance(outcome, Answer) and outcome.status // 100 == _SUCCESS:
                return outcome
            pause = self._pause(request, outcome, attempt)
            if pause is None:
                raise self._error(request, outcome)
            self._wait(pause)
        raise AssertionError

    def _attempt(self, request: Request) -> Answer | httpx.HTTPError | httpx.InvalidURL:
        try:
            return self._follow(request, f"{self._address}{request.path}", _MOST_MOVES)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return error

    def _follow(self, request: Request, address: str, moves: int) -> Answer:
        """Send a request once, and on to where this server, to which alone its headers go, says that it has moved."""
        answer = self._exchange(address, request)
        is_moved = answer.status in _MOVED or (answer.status in _MOVED_READING and request.method == "GET")
        target = urlsplit(urljoin(address, answer.headers.get("location", "")))
        if not is_moved or target[:2] != urlsplit(address)[:2] or moves == 0:
            return answer
        return self._follow(request, target.geturl(), moves - 1)

    def _exchange(self, address: str, request: Request) -> Answer:
        with self._client.stream(
            request.method,
            address,
            params=dict(request.query) or None,
            headers={**self._headers, **request.headers},
            json=request.json,
            data=request.form,
        ) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._limits.most_bytes:
                    raise httpx.DecodingError(f"the answer has more than {self._limits.most_bytes:,} bytes")
            return Answer(response.status_code, dict(response.headers), bytes(body))

    def _pause(self, request: Request, outcome: Answer | Exception, attempt: int) -> float | None:
        """Say how many seconds to wait before another attempt, or None where another is unsafe or no use."""
        if attempt == self._limits.attempts:
            return None
        pause = self._limits.wait * 2 ** (attempt - 1)
        if not isinstance(outcome, Answer):
            passes = isinstance(outcome, httpx.TransportError) and not isinstance(outcome, _WRONG)
            unsent = isinstance(outcome, httpx.ConnectError | httpx.ConnectTimeout)
            return pause if passes and (unsent or request.may_repeat) else None
        asked = _asked(outcome.headers)
        limited = outcome.status == _LIMITED or (outcome.status == _FORBIDDEN and asked is not None)
        if not limited and not (outcome.status in _OVERLOADED and request.may_repeat):
            return None
        pause = pause if asked is None else asked
        return pause if pause <= self._limits.longest_wait else None

    def _error(self, request: Request, outcome: Answer | Exception) -> HttpError:
        named = f"{request.method} {without_credentials(f'{self._address}{request.path}')}"
        if not isinstance(outcome, Answer):
            why = self._quoted(str(outcome)) or type(outcome).__name__
            return HttpError(
                f"{named}: {why}\n  = help: look at the address, the network and the certificate"
            )
        said = self._quoted(outcome.body.decode("utf-8", "replace"))
        status = f"{outcome.status} {_phrase(outcome.status)}"
        return HttpError(f"{named}: {status}{said and f': {said}'}\n  = help: {_advice(outcome)}", outcome)

    def _quoted(self, text: str) -> str:
        """Quote what was said, without what the client keeps secret."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        text = printable(" ".join(text.split()))
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _asked(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds the server asks to wait: as a number, or as an instant of its own clock."""
    written = headers.get("retry-after", "")
    if written.isdecimal():
        return float(written)
    try:
        until, sent = (parsedate_to_datetime(text) for text in (written, headers.get("date", "")))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _advice(answer: Answer) -> str:
    if answer.headers.get("retry-after"):
        return (
            f"the server asks to wait: try again after {answer.headers['retry-after']} (seconds, or a time)"
        )
    if answer.status in _ADVICE:
        return _ADVICE[answer.status]
    if answer.status // 100 == _REDIRECT:
        where = without_credentials(answer.headers.get("location", ""))
        return (
            f"the server sends elsewhere ({where}), and a token goes to no other server: correct the address"
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "the server has a problem of its own: try again later"
    return "look at the request and at what the server says"
