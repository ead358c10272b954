"""Invoices that earlier runs wrote into folders, read beside the contracts: a stream in order of their ids.

Memory holds what was issued to one contract. Each invoice is read by its place in the folder's index, and its bytes
are compared with the digest there.
"""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from ratebook.sources.errors import SourceError, failure

INVOICES: Final = "invoices.jsonl"
INDEX: Final = "index.csv"
MANIFEST: Final = "manifest.json"
HEADER: Final = b"contract,boundary,invoice,offset,length,sha256\n"

_HELP: Final = "name a folder that `ratebook rate --out` wrote, as it wrote it"
_CONTRACT: Final = itemgetter(0)


class _Entry(NamedTuple):
    """A row of an index: of entries of one contract the one in the later folder is the newer."""

    contract: str
    folder: int
    row: int
    offset: int
    length: int
    sha256: str


class IssuedFolders:
    """The invoices in some folders, contract by contract.

    Raises:
        SourceError: a folder is not one that a run wrote and finished, or its invoices are no longer what it wrote.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        for folder in folders:
            if not (folder / MANIFEST).is_file():
                what = "its run did not finish" if (folder / INDEX).is_file() else "no run wrote it"
                raise failure("RB608", f"{folder} has no {MANIFEST}: {what}", help_=_HELP)
        streams = [_entries(number, folder) for number, folder in enumerate(folders)]
        self._groups = groupby(heapq.merge(*streams), key=_CONTRACT)
        self._ahead: tuple[str, list[_Entry]] | None = None

    def of(self, contract: str) -> Sequence[dict[str, Any]]:
        """Give what was issued to a contract, in order of boundaries, then of folders."""
        while self._ahead is None or self._ahead[0] < contract:
            following = next(self._groups, None)
            if following is None:
                return ()
            self._ahead = following[0], list(following[1])
        name, entries = self._ahead
        if name != contract:
            return ()
        found = [self._read(entry) for entry in entries]
        return sorted(found, key=lambda invoice: _order(invoice["boundary"]))

    def _read(self, entry: _Entry) -> dict[str, Any]:
        path = self._folders[entry.folder] / INVOICES
        try:
            with path.open("rb") as stream:
                stream.seek(entry.offset)
                data = stream.read(entry.length)
        except OSError as error:
            raise failure("RB608", f"{path} cannot be read: {error.strerror}", help_=_HELP) from None
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            message = (
                f"{path}: the invoice of {entry.contract} at byte {entry.offset} is not what the index says"
            )
            raise failure("RB608", message, help_=_HELP)
        invoice: dict[str, Any] = orjson.loads(data)
        return invoice


def _order(boundary: str) -> datetime:
    return datetime.fromisoformat(boundary)


def _entries(number: int, folder: Path) -> Iterator[_Entry]:
    """Read an index, row by row."""
    path = folder / INDEX
    try:
        with path.open("rb") as stream:
            if stream.readline() != HEADER:
                raise failure("RB608", f"{path}:1 is not the head of an index of invoices", help_=_HELP)
            previous = ""
            for row, line in enumerate(stream, start=2):
                entry = _entry(number, row, line, path)
                if entry.contract < previous:
                    message = (
                        f"{path}:{row}: {entry.contract} stands after {previous}, and contracts are in order"
                    )
                    raise failure("RB608", message, help_=_HELP)
                previous = entry.contract
                yield entry
    except OSError as error:
        raise failure("RB608", f"{path} cannot be read: {error.strerror}", help_=_HELP) from None


def _entry(number: int, row: int, line: bytes, path: Path) -> _Entry:
    try:
        contract, _, _, offset, length, sha256 = line.decode().rstrip("\n").split(",")
        return _Entry(contract, number, row, int(offset), int(length), sha256)
    except ValueError:
        raise _broken_row(path, row) from None


def _broken_row(path: Path, row: int) -> SourceError:
    return failure("RB608", f"{path}:{row} is not a row of an index of invoices", help_=_HELP)
