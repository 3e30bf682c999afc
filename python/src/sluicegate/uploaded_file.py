"""The bytes behind a receipt.

In: a verified ``Receipt`` and where its bytes can be: in a file below the storage root that gate and service share, or
at the gate by HTTP. Out: the bytes, and only once they were seen to have the size and SHA-256 of the receipt; the two
streaming ways out (``chunks`` and ``open(check=False)``) say themselves what they hold. Nothing here needs a framework.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sluicegate import stored_path
from sluicegate.errors import FileIntegrityError, FileUnavailableError
from sluicegate.http_get import GetError, Origin, open_get
from sluicegate.in_thread import in_thread, iterate_in_thread
from sluicegate.receipts import Receipt

CHUNK_BYTES = 256 * 1024
SPOOL_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True)
class FileSource:
    """Where bytes come from: the gate's address, and the storage root where it is on this machine."""

    gate: Origin
    store_root: Path | None = None
    timeout_seconds: float = 30


class UploadedFile:
    """A file that the gate let through. What it says of the file is proven; the bytes are fetched when asked for.

    Methods block; each has a twin with ``a`` before its name for ``async`` code.
    """

    def __init__(self, receipt: Receipt, token: str, source: FileSource) -> None:
        self.receipt = receipt
        self._token = token
        self._source = source

    def __repr__(self) -> str:
        return f"UploadedFile({self.filename!r}, {self.content_type!r}, {self.size} bytes, upload {self.upload_id})"

    @property
    def filename(self) -> str | None:
        """The client's name for it, cleaned. For showing; never use it as a path."""
        return self.receipt.filename

    @property
    def content_type(self) -> str:
        """The verified type; ``application/octet-stream`` where the flow takes any octets."""
        return self.receipt.content_type or "application/octet-stream"

    @property
    def size(self) -> int:
        """Bytes."""
        return self.receipt.size

    @property
    def sha256(self) -> str:
        """Lower-case hexadecimal."""
        return self.receipt.sha256

    @property
    def upload_id(self) -> str:
        """The gate's id of the upload: the same in its log, its records and its answers."""
        return self.receipt.upload_id

    def open(self, *, check: bool = True) -> BinaryIO:
        """Opens the bytes for reading; the caller closes the file. It can be sought in.

        With ``check`` all of it is read once before, and is known to be whole and unchanged. Without, only its size is.
        Raises ``FileIntegrityError``, ``FileUnavailableError``.
        """
        stored = self._open_stored()
        if stored is None:
            return self._fetch_to_spool()
        try:
            if check:
                for _ in self._checked(iter(lambda: stored.read(CHUNK_BYTES), b"")):
                    pass
                stored.seek(0)
        except BaseException:
            stored.close()
            raise
        return stored

    def chunks(self) -> Iterator[bytes]:
        """Yields the bytes as they come, in constant memory.

        Only a loop that ends without an exception has seen the right bytes: the last of them completes the check.
        """
        with self._raw_chunks() as raw:
            yield from self._checked(raw)

    def read(self) -> bytes:
        """All bytes at once, checked. For files that are known to be small."""
        return b"".join(self.chunks())

    def verify(self) -> None:
        """Reads all bytes once and keeps none. Raises ``FileIntegrityError``, ``FileUnavailableError``."""
        for _ in self.chunks():
            pass

    def save_to(self, path: str | os.PathLike[str]) -> Path:
        """Copies the bytes to ``path``, which appears whole, checked and on stable storage, or not at all.

        What is there already is replaced. Returns the path.
        """
        target = Path(path)
        with _replacing(target) as out:
            for chunk in self.chunks():
                out.write(chunk)
        return target

    def move_to(self, path: str | os.PathLike[str]) -> Path:
        """As ``save_to``; and where the bytes are in the shared storage they are moved, not copied, if they can be.

        After that the gate does not have the file any more.
        """
        target = Path(path)
        if self._is_stored():
            self.verify()
            if self._rename(target):
                return target
        self.save_to(target)
        self._remove_stored()
        return target

    async def aopen(self, *, check: bool = True) -> BinaryIO:
        """``open`` for async code; the file that it returns blocks all the same."""
        return await in_thread(lambda: self.open(check=check))

    async def aread(self) -> bytes:
        """``read`` for async code."""
        return await in_thread(self.read)

    async def averify(self) -> None:
        """``verify`` for async code."""
        await in_thread(self.verify)

    async def asave_to(self, path: str | os.PathLike[str]) -> Path:
        """``save_to`` for async code."""
        return await in_thread(lambda: self.save_to(path))

    async def amove_to(self, path: str | os.PathLike[str]) -> Path:
        """``move_to`` for async code."""
        return await in_thread(lambda: self.move_to(path))

    async def achunks(self) -> AsyncIterator[bytes]:
        """``chunks`` for async code."""
        async for chunk in iterate_in_thread(self.chunks()):
            yield chunk

    def _checked(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        size = 0
        for chunk in raw:
            size += len(chunk)
            if size > self.size:
                break
            digest.update(chunk)
            yield chunk
        if size != self.size or digest.hexdigest() != self.sha256:
            raise FileIntegrityError(f"the bytes of upload {self.upload_id} are not those of its receipt")

    @contextmanager
    def _raw_chunks(self) -> Iterator[Iterator[bytes]]:
        stored = self._open_stored()
        if stored is not None:
            with stored:
                yield iter(lambda: stored.read(CHUNK_BYTES), b"")
            return
        headers = {"Authorization": f"Bearer {self._token}"}
        source = self._source
        try:
            with open_get(
                source.gate, self.receipt.url, headers=headers, timeout_seconds=source.timeout_seconds
            ) as answer:
                yield iter(lambda: answer.read(CHUNK_BYTES), b"")
        except GetError as error:
            raise FileUnavailableError(f"upload {self.upload_id} cannot be fetched: {error}") from error

    def _fetch_to_spool(self) -> BinaryIO:
        # Small files stay in memory; what is returned lives on after this function.
        spool = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES_MAX)  # noqa: SIM115
        try:
            for chunk in self.chunks():
                spool.write(chunk)
            spool.seek(0)
        except BaseException:
            spool.close()
            raise
        return cast(BinaryIO, spool)

    def _open_stored(self) -> BinaryIO | None:
        """``None`` where there is no shared storage or the file is not in it."""
        root, relative = self._source.store_root, self.receipt.path
        if root is None or relative is None or not stored_path.IS_SUPPORTED:
            return None
        try:
            descriptor = stored_path.open_file(root, relative)
        except FileNotFoundError:
            return None
        if os.fstat(descriptor).st_size != self.size:
            os.close(descriptor)
            raise FileIntegrityError(
                f"the stored file of upload {self.upload_id} has another size than its receipt says"
            )
        return os.fdopen(descriptor, "rb")

    def _is_stored(self) -> bool:
        stored = self._open_stored()
        if stored is not None:
            stored.close()
        return stored is not None

    def _rename(self, target: Path) -> bool:
        """False where the target is on another file system."""
        root, relative = self._source.store_root, self.receipt.path
        if root is None or relative is None:
            return False
        try:
            with stored_path.opened_folder(root, relative) as (folder, name):
                os.rename(name, target, src_dir_fd=folder)
        except OSError:
            return False
        _sync_folder(target.parent)
        return True

    def _remove_stored(self) -> None:
        root, relative = self._source.store_root, self.receipt.path
        if root is None or relative is None or not stored_path.IS_SUPPORTED:
            return
        with suppress(OSError), stored_path.opened_folder(root, relative) as (folder, name):
            os.unlink(name, dir_fd=folder)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A new file beside the target that takes its place when all went well."""
    descriptor, beside = tempfile.mkstemp(prefix=".sluicegate-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """A name is on stable storage only when its folder is. Not every system can open a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
