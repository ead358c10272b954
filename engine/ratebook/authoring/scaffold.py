"""Starts a book from a template: all files that it needs to make a first invoice at once."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

TEMPLATES: Final = {
    "usage-tiers": "an API by calls: a base fee with calls included, then tiers that get cheaper",
    "seats": "a tool for teams: seats by the day, with a base fee",
    "credits": "tasks of AI models listed in credits, which customers may buy ahead",
    "committed-spend": "compute by the hour, with a monthly commitment and a year paid in advance",
    "multi-chain-rpc": "access to many blockchains by compute units, weighed by chain and method",
}
"""Template → what it is for."""

_NAME: Final = "book-name"
_CURRENCY: Final = "USD"
"""What stands in templates, which are books themselves, for what is asked for."""


class TakenError(FileExistsError):
    """Files that are there already.

    Attributes:
        paths: where they are.
    """

    def __init__(self, paths: list[Path]) -> None:
        super().__init__(f"{len(paths)} files are there already")
        self.paths = paths


def scaffold(template: str, name: str, currency: str) -> dict[str, str]:
    """Make the files of a book.

    Args:
        template: a key of `TEMPLATES`.
        name: id of the book.
        currency: that of its prices and invoices.

    Returns:
        Path inside the book → text.
    """
    made = {
        path: text.replace(_CURRENCY, currency).replace(f"name: {_NAME}", f"name: {name}")
        for path, text in _texts(files(__package__) / "templates" / template)
    }
    readme = (files(__package__) / "templates" / "README.md").read_text("utf-8")
    asked = {"BOOK_NAME": name, "TEMPLATE": template, "SUMMARY": TEMPLATES[template]}
    for key, value in asked.items():
        readme = readme.replace(key, value)
    return {"README.md": readme, **made}


def _texts(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    for part in sorted(folder.iterdir(), key=lambda one: one.name):
        if part.is_dir():
            yield from _texts(part, f"{path}{part.name}/")
        else:
            yield path + part.name, part.read_text("utf-8")


def write_new(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files that are not there yet: all of them, or none.

    Raises:
        TakenError: some are there already.
    """
    taken = [folder / path for path in texts if _is_taken(folder, path)]
    if taken:
        raise TakenError(taken)
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)


def _is_taken(folder: Path, path: str) -> bool:
    """Tell whether a file is there, or a file where a folder of it must be, or a link that leads out of the book."""
    file = folder / path
    around = [
        folder.joinpath(*file.relative_to(folder).parts[:depth]) for depth in range(1, path.count("/") + 1)
    ]
    return (
        file.exists()
        or file.is_symlink()
        or any(one.is_symlink() or (one.exists() and not one.is_dir()) for one in around)
    )
