"""Where a book's bytes come from."""

from ratebook.trees.folder import TreeError, read_folder
from ratebook.trees.git import read_commit

__all__ = ["TreeError", "read_commit", "read_folder"]
