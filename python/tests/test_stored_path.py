from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from sluicegate.errors import FileIntegrityError
from sluicegate.stored_path import open_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"not for this")
    folder = tmp_path / "data"
    (folder / "store" / "ab").mkdir(parents=True)
    (folder / "store" / "ab" / "object").write_bytes(b"bytes")
    return folder


def read(root: Path, relative: str) -> bytes:
    with os.fdopen(open_file(root, relative), "rb") as file:
        return file.read()


def test_a_file_below_the_root_opens(root: Path) -> None:
    assert read(root, "store/ab/object") == b"bytes"


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert read(tmp_path / "link", "store/ab/object") == b"bytes"


@pytest.mark.parametrize(
    "relative",
    [
        "../secret",
        "store/../../secret",
        "store/./ab/object",
        "store//ab/object",
        "/etc/passwd",
        "",
        ".",
        "..",
        "store/ab/",
        "store\\ab\\object",
        "store/ab/object\0.jpg",
    ],
)
def test_a_path_that_is_not_plain_is_refused(root: Path, relative: str) -> None:
    with pytest.raises(FileIntegrityError):
        open_file(root, relative)


def test_a_link_in_place_of_the_file_is_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "store" / "ab" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(FileIntegrityError):
        open_file(root, "store/ab/link")


def test_a_link_in_place_of_a_folder_is_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "store" / "out").symlink_to(tmp_path)
    with pytest.raises(FileIntegrityError):
        open_file(root, "store/out/secret")


def test_a_folder_or_a_pipe_in_place_of_the_file_is_refused(root: Path) -> None:
    os.mkfifo(root / "store" / "ab" / "pipe")
    for relative in ("store/ab", "store/ab/pipe"):
        with pytest.raises(FileIntegrityError, match="no regular file"):
            open_file(root, relative)


def test_a_file_that_is_not_there_is_told_apart(root: Path) -> None:
    for relative in ("store/ab/none", "store/none/object"):
        with pytest.raises(FileNotFoundError):
            open_file(root, relative)


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = open_descriptors()
    for relative in ("store/ab/object", "store/ab", "store/none/object", "../secret", "store/ab/none"):
        with suppress(FileIntegrityError, FileNotFoundError):
            os.close(open_file(root, relative))
    assert open_descriptors() == before


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))
