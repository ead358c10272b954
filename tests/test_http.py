"""The HTTP client against a server on the loopback: what is sent again, what is not, and what an error says."""

import gzip
import json
from decimal import Decimal

import pytest

from ratebook.http import Answer, Http, HttpError, Limits, Request
from tests.loopback import Reply, loopback
from tests.loopback import Request as Asked

TOKEN = "secret-token-0123456789"
BROKEN = Reply(0)


class Script:
    """Answers with its replies, one after the other, and keeps what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Asked] = []

    def __call__(self, request: Asked) -> Reply:
        self.asked.append(request)
        return self.replies.pop(0)


class Sent:
    """What became of a request."""

    def __init__(self, script: Script, request: Request, limits: Limits | None = None) -> None:
        self.waits: list[float] = []
        self.answer: Answer | None = None
        self.error = ""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with (
            loopback(script) as address,
            Http(f"{address}/api/", headers, limits or Limits(), self.waits.append) as http,
        ):
            try:
                self.answer = http.send(request)
            except HttpError as error:
                self.error = str(error).replace(address, "http://server")
                self.status = error.status
        self.asked = script.asked


def test_a_request_carries_the_headers_and_its_query() -> None:
    sent = Sent(Script(Reply()), Request("GET", "/notes", query={"page": "2"}, headers={"X-More": "1"}))
    assert sent.asked[0][:3] == ("GET", "/api/notes", {"page": "2"})
    assert sent.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.asked[0].headers["x-more"] == "1"


def test_a_document_is_sent_and_read_and_its_numbers_stay_exact() -> None:
    sent = Sent(Script(Reply(201, b'{"amount": 0.10}')), Request("POST", "/a", json={"body": "é"}))
    assert json.loads(sent.asked[0].body) == {"body": "é"}
    assert sent.answer is not None
    assert sent.answer.json() == {"amount": Decimal("0.10")}


def test_a_form_is_sent_as_one() -> None:
    sent = Sent(Script(Reply()), Request("POST", "/token", form={"grant_type": "refresh token"}))
    assert sent.asked[0].body == b"grant_type=refresh+token"


@pytest.mark.parametrize("passing", [Reply(429), Reply(502), Reply(503), Reply(504), BROKEN])
def test_reading_is_tried_again_when_the_server_is_overloaded(passing: Reply) -> None:
    sent = Sent(Script(passing, passing, Reply(200, b"[]")), Request("GET", "/a"))
    assert sent.answer is not None
    assert sent.answer.body == b"[]"
    assert sent.waits == [1.0, 2.0]


@pytest.mark.parametrize("passing", [Reply(502), Reply(503), BROKEN])
def test_what_the_server_may_have_carried_out_is_not_sent_again(passing: Reply) -> None:
    sent = Sent(Script(passing), Request("POST", "/a", json={}))
    assert (len(sent.asked), sent.waits) == (1, [])


def test_what_its_caller_calls_repeatable_is() -> None:
    sent = Sent(Script(Reply(503), Reply()), Request("POST", "/a", json={}, repeatable=True))
    assert sent.waits == [1.0]


@pytest.mark.parametrize("limited", [Reply(429), Reply(403, headers={"Retry-After": "1"})])
def test_what_a_limit_refused_was_not_carried_out_and_is_sent_again(limited: Reply) -> None:
    assert Sent(Script(limited, Reply(201)), Request("POST", "/a", json={})).waits == [1.0]


def test_the_wait_is_what_the_server_asks_for() -> None:
    written = {"Retry-After": "Wed, 25 Nov 2026 10:00:07 GMT", "Date": "Wed, 25 Nov 2026 10:00:00 GMT"}
    script = Script(Reply(429, headers={"Retry-After": "17"}), Reply(503, headers=written), Reply())
    assert Sent(script, Request("GET", "/a")).waits == [17.0, 7.0]


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for() -> None:
    sent = Sent(Script(Reply(429, headers={"Retry-After": "3600"})), Request("GET", "/a"))
    assert sent.waits == []
    assert "try again after 3600" in sent.error


def test_attempts_are_few() -> None:
    sent = Sent(Script(*[Reply(503)] * 9), Request("GET", "/a"))
    assert (len(sent.asked), sent.waits, sent.status) == (4, [1.0, 2.0, 4.0], 503)


def test_an_error_names_the_request_and_what_the_server_said_but_no_secret() -> None:
    said = f'{{"message": "Bad token {TOKEN}\x1b[31m"}}'.encode()
    sent = Sent(Script(Reply(401, said)), Request("GET", "/notes", query={"key": "hidden"}))
    assert sent.error == (
        'GET http://server/api/notes: 401 Unauthorized: {"message": "Bad token …\N{REPLACEMENT CHARACTER}[31m"}\n'
        "  = help: the server does not know the token: look whether it is set, whole and not expired"
    )


def test_an_address_shows_no_user_and_no_password() -> None:
    with (
        Http("http://me:pass@127.0.0.1:9", {}, Limits(attempts=1)) as http,
        pytest.raises(HttpError) as caught,
    ):
        http.send(Request("GET", "/a"))
    assert str(caught.value).startswith("GET http://127.0.0.1:9/a: ")
    assert "pass" not in str(caught.value)
    assert caught.value.status is None


def test_an_answer_is_read_no_further_than_its_limit_even_when_it_unfolds() -> None:
    packed = Reply(200, gzip.compress(b"0" * 1_000_000), {"Content-Encoding": "gzip"})
    sent = Sent(Script(packed), Request("GET", "/a"), Limits(most_bytes=100_000))
    assert "more than 100,000 bytes" in sent.error


def test_a_move_within_the_server_is_followed() -> None:
    sent = Sent(Script(Reply(301, headers={"Location": "/moved"}), Reply(200, b"1")), Request("GET", "/a"))
    assert [asked.path for asked in sent.asked] == ["/api/a", "/moved"]


def test_a_move_to_another_server_is_not_followed_as_the_token_is_not_for_it() -> None:
    other = Script(Reply())
    with loopback(other) as address:
        sent = Sent(Script(Reply(307, headers={"Location": f"{address}/a?key=hidden"})), Request("GET", "/a"))
    assert other.asked == []
    assert f"sends elsewhere ({address}/a)" in sent.error


def test_writing_is_not_turned_into_reading_by_a_move() -> None:
    sent = Sent(Script(Reply(302, headers={"Location": "/moved"})), Request("POST", "/a", json={}))
    assert (len(sent.asked), sent.status) == (1, 302)


def test_a_page_where_a_document_should_be_is_an_error_that_says_so() -> None:
    sent = Sent(Script(Reply(200, b"<html>Log in</html>")), Request("GET", "/a"))
    assert sent.answer is not None
    with pytest.raises(HttpError, match=r"no JSON .*: <html>Log in</html>"):
        sent.answer.json()
