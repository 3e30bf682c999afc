from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sluicegate.errors import FileIntegrityError, FileUnavailableError, SluicegateError
from sluicegate.http_get import Origin
from sluicegate.receipts import read_receipt
from sluicegate.uploaded_file import FileSource, UploadedFile
from tests.receipt_maker import BODY, claims_of
from tests.servers import GateStandIn

OBJECT = "store/ab/object-1"
URL = "/.sluicegate/files/object-1"
LARGE = os.urandom(3 * 1024 * 1024 + 7)

Make = Callable[..., UploadedFile]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data" / "store" / "ab").mkdir(parents=True)
    return tmp_path / "data"


@pytest.fixture(params=["by path", "by HTTP"])
def make(request: pytest.FixtureRequest, gate_server: GateStandIn, root: Path) -> Make:
    """Makes an uploaded file whose receipt speaks of ``body`` while ``stored`` is what is there."""

    def by_path(body: bytes = BODY, stored: bytes | None = None) -> UploadedFile:
        (root / OBJECT).write_bytes(body if stored is None else stored)
        source = FileSource(Origin.parse(gate_server.url), root, timeout_seconds=5)
        return UploadedFile(read_receipt(claims_of(body)), "the.token.itself", source)

    def by_http(body: bytes = BODY, stored: bytes | None = None) -> UploadedFile:
        gate_server.files[URL] = body if stored is None else stored
        source = FileSource(Origin.parse(gate_server.url), None, timeout_seconds=5)
        return UploadedFile(read_receipt(claims_of(body)), "the.token.itself", source)

    return by_path if request.param == "by path" else by_http


@pytest.mark.parametrize("body", [BODY, LARGE], ids=["small", "large"])
def test_every_way_out_gives_the_bytes(make: Make, body: bytes, tmp_path: Path) -> None:
    file = make(body)
    assert file.read() == body
    assert b"".join(file.chunks()) == body
    file.verify()
    with file.open() as opened:
        assert opened.read(5) == body[:5]
        opened.seek(-3, os.SEEK_END)
        assert opened.read() == body[-3:]
    with file.open(check=False) as opened:
        assert opened.read() == body
    assert file.save_to(tmp_path / "copy").read_bytes() == body


@pytest.mark.anyio
async def test_every_way_out_has_a_twin_for_async_code(make: Make, tmp_path: Path) -> None:
    file = make(LARGE)
    assert await file.aread() == LARGE
    assert b"".join([chunk async for chunk in file.achunks()]) == LARGE
    await file.averify()
    with await file.aopen() as opened:
        assert opened.read() == LARGE
    assert (await file.asave_to(tmp_path / "copy")).read_bytes() == LARGE
    assert (await file.amove_to(tmp_path / "moved")).read_bytes() == LARGE


@pytest.mark.parametrize(
    "stored",
    [BODY[:-1] + b"X", BODY[:-1], BODY + b"X", b""],
    ids=["changed", "too short", "too long", "empty"],
)
@pytest.mark.parametrize("way", ["read", "chunks", "verify", "open", "save_to", "move_to"])
def test_bytes_that_are_not_those_of_the_receipt_are_refused(
    make: Make, stored: bytes, way: str, tmp_path: Path
) -> None:
    file = make(BODY, stored)
    target = tmp_path / "out"
    target.write_bytes(b"what was there before")
    ways: dict[str, Callable[[], object]] = {
        "read": file.read,
        "chunks": lambda: list(file.chunks()),
        "verify": file.verify,
        "open": file.open,
        "save_to": lambda: file.save_to(target),
        "move_to": lambda: file.move_to(target),
    }
    with pytest.raises(FileIntegrityError):
        ways[way]()
    assert target.read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def test_moving_takes_the_file_out_of_the_shared_storage(make: Make, root: Path, tmp_path: Path) -> None:
    file = make(LARGE)
    assert file.move_to(tmp_path / "moved").read_bytes() == LARGE
    assert not (root / OBJECT).exists()


def test_moving_to_another_file_system_copies_and_removes(gate_server: GateStandIn, root: Path, tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        elsewhere = Path("/var/tmp")
    (root / OBJECT).write_bytes(BODY)
    file = UploadedFile(read_receipt(claims_of()), "t", FileSource(Origin.parse(gate_server.url), root))
    target = elsewhere / f"sluicegate-test-{os.getpid()}"
    try:
        assert file.move_to(target).read_bytes() == BODY
        assert not (root / OBJECT).exists()
    finally:
        target.unlink(missing_ok=True)


def test_the_receipt_goes_to_the_gate_as_bearer_token(gate_server: GateStandIn) -> None:
    gate_server.files[URL] = BODY
    UploadedFile(read_receipt(claims_of()), "the.token.itself", FileSource(Origin.parse(gate_server.url))).verify()
    assert gate_server.bearers == ["Bearer the.token.itself"]


def test_a_file_that_is_not_in_the_shared_storage_is_fetched(gate_server: GateStandIn, root: Path) -> None:
    gate_server.files[URL] = BODY
    source = FileSource(Origin.parse(gate_server.url), root)
    assert UploadedFile(read_receipt(claims_of()), "t", source).read() == BODY


def test_a_path_that_leads_out_of_the_root_is_no_reason_to_fetch(gate_server: GateStandIn, root: Path) -> None:
    gate_server.files[URL] = BODY
    source = FileSource(Origin.parse(gate_server.url), root)
    file = UploadedFile(read_receipt(claims_of(path="../secret")), "t", source)
    with pytest.raises(FileIntegrityError):
        file.read()
    assert gate_server.bearers == []


def test_a_gate_that_has_no_such_file_or_does_not_answer_is_told(gate_server: GateStandIn) -> None:
    file = UploadedFile(read_receipt(claims_of()), "t", FileSource(Origin.parse(gate_server.url)))
    with pytest.raises(FileUnavailableError, match="404"):
        file.read()
    nobody = UploadedFile(read_receipt(claims_of()), "t", FileSource(Origin.parse("http://127.0.0.1:1")))
    with pytest.raises(FileUnavailableError, match="does not answer"):
        nobody.read()


def test_a_folder_that_is_not_there_is_the_callers_error(make: Make, tmp_path: Path) -> None:
    file = make()
    for way in (file.save_to, file.move_to):
        with pytest.raises(FileNotFoundError):
            way(tmp_path / "none" / "out")
    assert file.read() == BODY


def test_it_does_not_show_its_token(make: Make) -> None:
    file = make()
    assert "token" not in repr(file)
    assert (file.content_type, file.size, file.filename) == ("image/jpeg", len(BODY), "me.jpg")


def test_all_errors_have_one_root() -> None:
    assert issubclass(FileIntegrityError, SluicegateError)
    assert issubclass(FileUnavailableError, SluicegateError)
