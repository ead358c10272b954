"""Comments of GitHub's pull requests and GitLab's merge requests, behind one protocol."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote

from ratebook.http import Http, HttpError, Request

_PAGE: Final = "100"
_MOST_PAGES: Final = 100


class Posted(NamedTuple):
    """A comment that is there."""

    id: int
    author: str
    text: str
    address: str


class Platform(Protocol):
    """One pull or merge request. Every method may raise `HttpError`.

    Attributes:
        longest: characters that a comment may have.
    """

    longest: int

    def author(self) -> str:
        """Say under which name this program writes."""
        ...

    def comments(self) -> Iterator[Posted]:
        """Give the comments, the oldest first."""
        ...

    def create(self, text: str) -> Posted:
        """Write a new comment."""
        ...

    def update(self, comment: int, text: str) -> Posted:
        """Replace the text of a comment."""
        ...


class GitHub:
    """Comments of a pull request. To GitHub it is an issue, whose comments are those of the conversation."""

    longest = 65_536

    def __init__(self, http: Http, graph: Http, repository: str, number: str) -> None:
        self._http = http
        self._graph = graph
        self._repository = f"/repos/{quote(repository)}"
        self._path = f"{self._repository}/issues/{number}/comments"

    def author(self) -> str:
        """Say under which name this program writes: only the GraphQL API tells that of a workflow's own token."""
        asked = Request("POST", "", json={"query": "{viewer{login}}"}, repeatable=True)
        answer = self._graph.send(asked)
        try:
            login = answer.json()["data"]["viewer"]["login"]
        except (KeyError, TypeError):
            raise HttpError("GitHub does not say whose token GITHUB_TOKEN is", answer) from None
        return str(login)

    def comments(self) -> Iterator[Posted]:
        """Give the comments of the conversation, the oldest first."""
        for page in range(1, _MOST_PAGES + 1):
            query = {"per_page": _PAGE, "page": str(page)}
            answer = self._http.send(Request("GET", self._path, query=query))
            yield from map(_github_comment, answer.json())
            if 'rel="next"' not in answer.headers.get("link", ""):
                return

    def create(self, text: str) -> Posted:
        """Write a new comment."""
        return _github_comment(self._http.send(Request("POST", self._path, json={"body": text})).json())

    def update(self, comment: int, text: str) -> Posted:
        """Replace the text of a comment, which is repeatable."""
        path = f"{self._repository}/issues/comments/{comment}"
        return _github_comment(
            self._http.send(Request("PATCH", path, json={"body": text}, repeatable=True)).json()
        )


def _github_comment(document: Mapping[str, Any]) -> Posted:
    author = (document["user"] or {}).get("login", "")  # nobody, where the account was deleted
    return Posted(document["id"], author, document["body"] or "", document["html_url"])


class GitLab:
    """Notes of a merge request; those that GitLab itself wrote about it are left out."""

    longest = 1_000_000

    def __init__(self, http: Http, project: str, request: str, address: str) -> None:
        self._http = http
        self._path = f"/projects/{quote(project, safe='')}/merge_requests/{request}/notes"
        self._address = address

    def author(self) -> str:
        """Say under which name this program writes."""
        return str(self._http.send(Request("GET", "/user")).json()["username"])

    def comments(self) -> Iterator[Posted]:
        """Give the notes, the oldest first. A page may have fewer than asked for: its header says whether more come."""
        page = "1"
        for _ in range(_MOST_PAGES):
            query = {"per_page": _PAGE, "page": page, "sort": "asc", "order_by": "created_at"}
            answer = self._http.send(Request("GET", self._path, query=query))
            yield from (self._note(note) for note in answer.json() if not note.get("system"))
            page = answer.headers.get("x-next-page", "")
            if not page:
                return

    def create(self, text: str) -> Posted:
        """Write a new note."""
        return self._note(self._http.send(Request("POST", self._path, json={"body": text})).json())

    def update(self, comment: int, text: str) -> Posted:
        """Replace the text of a note."""
        return self._note(
            self._http.send(Request("PUT", f"{self._path}/{comment}", json={"body": text})).json()
        )

    def _note(self, document: Mapping[str, Any]) -> Posted:
        number = document["id"]
        return Posted(
            number, document["author"]["username"], document["body"], f"{self._address}#note_{number}"
        )
