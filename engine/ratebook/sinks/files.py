"""Invoices on disk: one JSON-lines file, an index to find each in it, and the manifest of the run."""

import errno
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import orjson

from ratebook.sources.issued import HEADER, INDEX, INVOICES, MANIFEST

FINDINGS: Final = "findings.jsonl"

_BUFFER: Final = 1 << 20


@dataclass(slots=True)
class InvoiceFolder:
    """Writes the invoices of a run into a folder as they come, so that memory holds one at a time.

    Use it as a context manager. Each line of the index names a contract, the boundary, the invoice, where its
    bytes stand in `invoices.jsonl`, and their SHA-256.

    Raises:
        FileExistsError: the folder holds invoices already; nothing is overwritten.
    """

    folder: Path
    _invoices: BinaryIO = field(init=False)
    _index: BinaryIO = field(init=False)
    _offset: int = 0
    written: int = 0

    def __enter__(self) -> Self:
        """Open the files."""
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(self.folder))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._invoices = (self.folder / INVOICES).open("xb", _BUFFER)
        self._index = (self.folder / INDEX).open("xb", _BUFFER)
        self._index.write(HEADER)
        return self

    def write(self, invoice: Mapping[str, Any]) -> None:
        """Write one invoice."""
        data = orjson.dumps(invoice)
        digest = hashlib.sha256(data).hexdigest()
        names = f"{invoice['contract']},{invoice['boundary']},{invoice['invoice']}"
        entry = f"{names},{self._offset},{len(data)},{digest}\n"
        self._index.write(entry.encode())
        self._invoices.writelines((data, b"\n"))
        self._offset += len(data) + 1
        self.written += 1

    def finish(self, findings: Iterable[Mapping[str, Any]], manifest: Mapping[str, Any]) -> None:
        """Write what the whole run found, and what it was made from."""
        with (self.folder / FINDINGS).open("xb") as stream:
            stream.writelines(orjson.dumps(finding) + b"\n" for finding in findings)
        document = {**manifest, "invoices": self.written}
        (self.folder / MANIFEST).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files; a run that ended with an error leaves none of them."""
        self._invoices.close()
        self._index.close()
        if kind is not None:
            (self.folder / INVOICES).unlink()
            (self.folder / INDEX).unlink()
