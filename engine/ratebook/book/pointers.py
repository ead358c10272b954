"""Pointers: names of places in the book that survive reformatting, as in `rating/rpc-requests#price/tiers/1`."""

from collections.abc import Iterable, Iterator


def document(kind: str, name: str) -> str:
    """Point at a file: `plans/pro`; the single files of `specs` have no kind of their own."""
    return f"{kind}/{name}"


def at(pointer: str, *parts: str | int) -> str:
    """Point at something below a pointer; empty parts are left out, and a part may hold several (`versions/1`)."""
    below = "/".join([str(part) for part in parts if part != ""])
    if not below:
        return pointer
    return f"{pointer}/{below}" if "#" in pointer else f"{pointer}#{below}"


def key(name: str) -> str:
    """Write a key of the file as a part of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def split(pointer: str) -> tuple[str, tuple[str, ...]]:
    """Take a pointer apart: its document, and the keys below it."""
    name, _, below = pointer.partition("#")
    return name, tuple(_unescaped(below.split("/"))) if below else ()


def is_below(pointer: str, above: str) -> bool:
    """Tell whether a pointer is another one, or leads to a place below it."""
    return pointer == above or pointer.startswith((f"{above}/", f"{above}#"))


def _unescaped(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        yield part.replace("~1", "/").replace("~0", "~")
