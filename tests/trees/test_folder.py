"""A book's bytes from a folder: what belongs to it, and nothing that a link leads to."""

import os
from pathlib import Path

import pytest

from ratebook.trees import TreeError, folder, read_folder


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_only_files_of_the_books_folders_are_read(tmp_path: Path) -> None:
    write(tmp_path, "specs/book.yaml", "plans/eu/pro@2.yaml", "contracts/all.csv", "meters/old.yml")
    write(
        tmp_path,
        "README.md",
        "engine/x.yaml",
        "specs/schema/plan.schema.json",
        "specs/schema/x.yaml",
        "meters/README.md",
    )
    write(
        tmp_path, "plans/.pro.yaml.swp", "plans/.pro.yaml", ".git/x.yaml", "specs/.git/x.yaml", "usage/x.csv"
    )

    files = read_folder(tmp_path)

    assert list(files) == ["contracts/all.csv", "meters/old.yml", "plans/eu/pro@2.yaml", "specs/book.yaml"]
    assert files["contracts/all.csv"] == b"contracts/all.csv"


@pytest.mark.parametrize(
    ("link", "target"), [("plans/pro.yaml", "../secret.yaml"), ("plans/eu", ".."), ("sinks", ".")]
)
def test_links_are_refused(tmp_path: Path, link: str, target: str) -> None:
    write(tmp_path, "secret.yaml", "plans/basic.yaml")
    (tmp_path / link).symlink_to(target)

    with pytest.raises(TreeError, match="is a link"):
        read_folder(tmp_path)


def test_a_folder_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match=r"does not exist; name the folder that holds specs/book\.yaml"):
        read_folder(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, "book.yaml")

    with pytest.raises(TreeError, match="is a file, not a folder"):
        read_folder(tmp_path / "book.yaml")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_BYTES", 3)
    write(tmp_path, "plans/pro.yaml")

    with pytest.raises(TreeError, match=r"plans/pro\.yaml has 14 bytes"):
        read_folder(tmp_path)


def test_too_many_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_FILES", 1)
    write(tmp_path, "plans/a.yaml", "plans/b.yaml")

    with pytest.raises(TreeError, match="more than 1 files"):
        read_folder(tmp_path)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "plans/a.yaml")
    try:
        Path(os.fsdecode(bytes(tmp_path / "plans") + b"/\xff.yaml")).write_text("x")
    except OSError:
        pytest.skip("this file system has no such names")

    with pytest.raises(TreeError, match="is not UTF-8"):
        read_folder(tmp_path)
