"""Approvals as files beside a book, in its folder `approvals/`, which is no part of the book itself."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from ratebook.approval.statement import IncompleteError, Statement, read_statement
from ratebook.findings import Finding, Position

FOLDER: Final = "approvals"
_MOST_BYTES: Final = 64 << 10
_MOST_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval as it stands in a file: nothing of it is checked but its form.

    Attributes:
        file: its path inside the book's folder.
        statement: what it says.
        signature: its armoured signature.
    """

    file: str
    statement: Statement
    signature: str


def write_approval(root: Path, statement: Statement, signature: str) -> Path:
    """Write an approval beside a book.

    Raises:
        FileExistsError: this very statement is signed already.
    """
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / statement.name
    with path.open("xb") as file:
        file.write(_written(statement, signature))
    return path


def _written(statement: Statement, signature: str) -> bytes:
    document = {"statement": statement.document, "signature": signature}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def read_approvals(root: Path) -> Iterator[Approval | Finding]:
    """Read the approvals beside a book in order of their names; a finding stands for one that cannot be read."""
    folder = root / FOLDER
    if folder.is_symlink():
        yield _unreadable(FOLDER, "it is a link")
        return
    names = sorted(path.name for path in folder.glob("*.json")) if folder.is_dir() else []
    if len(names) > _MOST_FILES:
        yield _unreadable(FOLDER, f"it holds more than {_MOST_FILES:,} approvals")
        return
    for name in names:
        yield _read(folder / name, f"{FOLDER}/{name}")


def _read(path: Path, file: str) -> Approval | Finding:
    try:
        data = _bytes(path)
        document = orjson.loads(data)
        if not isinstance(document, dict) or not isinstance(document.get("signature"), str):
            raise ValueError("it is no approval: a mapping with `statement` and `signature`")  # noqa: TRY301, TRY004
        statement = read_statement(document.get("statement"))
        written, name = _written(statement, document["signature"]), statement.name
    except IncompleteError as error:
        return _incomplete(file, error)
    except (OSError, TypeError, ValueError) as error:
        return _unreadable(file, _reason(error))
    if name != path.name or data != written:
        return Finding(
            "RB702",
            f"{file} is not as it was written: its name or its form does not belong to what it says",
            position=Position(file, 1),
            help="delete it, and have it approved again",
        )
    return Approval(file, statement, document["signature"])


def _bytes(path: Path) -> bytes:
    """Read a file that is one itself: no link, no device, and not large."""
    if path.is_symlink():
        raise ValueError("it is a link")
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise ValueError("it is no ordinary file")
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
    return data


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not JSON" if isinstance(error, orjson.JSONDecodeError) else str(error)


def _unreadable(file: str, why: str) -> Finding:
    return Finding(
        "RB701",
        f"{file} is not counted: {why}",
        position=Position(file, 1),
        expected="a file as `ratebook approve` writes it",
        help="delete it, and have it approved again",
    )


def _incomplete(file: str, error: IncompleteError) -> Finding:
    return Finding(
        "RB704",
        f"{file} does not bind {', '.join(error.missing)}, so it would cover whatever stands there",
        position=Position(file, 1),
        expected="the digests of both books and their files, of usage, of exchange rates, and the engine",
        help="delete it, and have it approved again",
    )


def document_of(approval: Approval) -> dict[str, Any]:
    """Give what an approval says as a part of a JSON document."""
    statement = approval.statement
    return {
        "file": approval.file,
        "by": statement.by,
        "roles": list(statement.roles),
        "at": statement.at,
    }
