"""GitHub and GitLab as far as comments go: pages, permissions, limits and errors as they answer them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.loopback import Reply, Request

TOKEN = "token-0123456789abcdef"
GITHUB_BOT = "github-actions[bot]"
GITLAB_BOT = "project_42_bot"


def reply(status: int, document: Any, headers: Mapping[str, str] = {}) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **headers})


WHOSE_TOKEN = reply(200, {"data": {"viewer": {"login": GITHUB_BOT}}})


class Fake:
    """What both have: comments by number, what was written, and answers that a test puts before the real ones."""

    def __init__(self, page: int = 2) -> None:
        self.page = page
        self.comments: dict[int, dict[str, Any]] = {}
        self.written: list[str] = []
        self.before: dict[str, list[Reply]] = {}

    def __call__(self, request: Request) -> Reply:
        waiting = self.before.get(request.method, [])
        return waiting.pop(0) if waiting else self.answer(request)

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def say(self, author: str, text: str) -> int:
        """Write a comment as somebody else, or as an earlier run."""
        number = 1001 + len(self.comments)
        self.comments[number] = self.document(number, author, text)
        return number

    def document(self, number: int, author: str, text: str) -> dict[str, Any]:
        raise NotImplementedError

    def text(self, number: int) -> str:
        return str(self.comments[number]["body"])

    def paged(self, request: Request) -> tuple[list[dict[str, Any]], str]:
        """Give one page, and the number of the next or ""."""
        number = int(request.query.get("page", "1"))
        found = list(self.comments.values())
        size = min(int(request.query["per_page"]), self.page)
        return found[(number - 1) * size : number * size], str(number + 1) if len(
            found
        ) > number * size else ""


class FakeGitHub(Fake):
    """api.github.com for the repository acme/prices and its pull request 7."""

    longest = 65_536

    def document(self, number: int, author: str, text: str) -> dict[str, Any]:
        address = f"https://github.com/acme/prices/pull/7#issuecomment-{number}"
        return {"id": number, "user": {"login": author}, "body": text, "html_url": address}

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return reply(401, {"message": "Bad credentials"})
        if request.path == "/graphql":
            assert json.loads(request.body) == {"query": "{viewer{login}}"}
            return WHOSE_TOKEN
        assert request.headers["accept"] == "application/vnd.github+json"
        if request.path == "/repos/acme/prices/issues/7/comments":
            return self.list(request) if request.method == "GET" else self.create(request)
        base, _, last = request.path.rpartition("/")
        if base == "/repos/acme/prices/issues/comments" and request.method == "PATCH":
            return self.update(int(last), request)
        return reply(404, {"message": "Not Found"})

    def list(self, request: Request) -> Reply:
        found, following = self.paged(request)
        link = {"Link": f'<https://api.github.com/x?page={following}>; rel="next"'} if following else {}
        return reply(200, found, link)

    def create(self, request: Request) -> Reply:
        return self.write(201, 1001 + len(self.comments), request)

    def update(self, number: int, request: Request) -> Reply:
        if number not in self.comments:
            return reply(404, {"message": "Not Found"})
        return self.write(200, number, request)

    def write(self, status: int, number: int, request: Request) -> Reply:
        text = json.loads(request.body)["body"]
        if len(text) > self.longest:
            return reply(
                422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"}
            )
        self.written.append(text)
        author = self.comments[number]["user"]["login"] if number in self.comments else GITHUB_BOT
        self.comments[number] = self.document(number, author, text)
        return reply(status, self.comments[number])


class FakeGitLab(Fake):
    """gitlab.example/api/v4 for the project 42 and its merge request 7."""

    def document(self, number: int, author: str, text: str) -> dict[str, Any]:
        return {"id": number, "author": {"username": author}, "body": text.strip(), "system": False}

    def answer(self, request: Request) -> Reply:
        if request.headers.get("private-token") != TOKEN:
            return reply(401, {"message": "401 Unauthorized"})
        notes = "/api/v4/projects/42/merge_requests/7/notes"
        if request.path == "/api/v4/user":
            return reply(200, {"id": 9, "username": GITLAB_BOT})
        if request.path == notes and request.method == "GET":
            found, following = self.paged(request)
            seen = [note for note in found if note["author"]["username"] != "hidden"]
            return reply(200, seen, {"X-Next-Page": following})
        if request.path == notes and request.method == "POST":
            return self.write(201, 1001 + len(self.comments), request)
        base, _, last = request.path.rpartition("/")
        if base == notes and request.method == "PUT" and int(last) in self.comments:
            return self.write(200, int(last), request)
        return reply(404, {"message": "404 Not found"})

    def write(self, status: int, number: int, request: Request) -> Reply:
        self.written.append(json.loads(request.body)["body"])
        self.comments[number] = self.document(number, GITLAB_BOT, self.written[-1])
        return reply(status, self.comments[number])
