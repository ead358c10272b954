"""The plugin of pytest: cases in `tests/pricing/` of a book are tests. What it needs is imported with the first."""

import sys
from pathlib import Path
from typing import Final

import pytest

_ITEMS: Final = "ratebook.testing.items"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the cases of a file that stands in `tests/pricing` of a folder that holds a book."""
    if file_path.suffix != ".yaml":
        return None
    root = _book_of(file_path)
    if root is None:
        return None
    from ratebook.testing.items import CaseCollector

    found: pytest.Collector = CaseCollector.from_parent(parent, path=file_path, root=root)
    return found


def _book_of(file: Path) -> Path | None:
    """Give the folder of the book that a file tests."""
    for folder in file.parents:
        if folder.name == "pricing" and folder.parent.name == "tests":
            root = folder.parent.parent
            return root if (root / "specs" / "book.yaml").is_file() else None
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out cases where others have `focus`."""
    if _ITEMS in sys.modules:
        sys.modules[_ITEMS].choose(items)
