"""Goldens of what is drawn from a diff document: one file each, in the format in which it is delivered."""

from pathlib import Path

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation


class TextFile(SingleFileSnapshotExtension):
    """Keeps a golden in tests/preview/golden/."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(Path(test_location.filepath).parent / "golden" / test_location.basename)


class MarkdownFile(TextFile):
    file_extension = "md"


class HtmlFile(TextFile):
    file_extension = "html"


class XmlFile(TextFile):
    file_extension = "xml"


class JsonFile(TextFile):
    file_extension = "json"
