"""Where a book's bytes come from."""

from ratebook.trees.folder import TreeError, read_folder
from ratebook.trees.git import merge_base, read_commit

__all__ = ["TreeError", "merge_base", "read_commit", "read_folder"]
