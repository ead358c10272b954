"""The rate book: from the bytes of its files to a checked, immutable value with a digest."""

from ratebook.book.book import Book, Loaded
from ratebook.book.load import load

__all__ = ["Book", "Loaded", "load"]
