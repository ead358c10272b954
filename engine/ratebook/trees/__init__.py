"""Where a book's bytes come from."""

from ratebook.trees.folder import TreeError, read_folder

__all__ = ["TreeError", "read_folder"]
