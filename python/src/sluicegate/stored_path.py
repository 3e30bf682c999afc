"""Opens a file below the gate's storage root, and never anything else.

Every step of the path is opened relative to the one before without following links, so neither ``..`` nor a symbolic
link put there by someone else leads out of the root. Needs a POSIX system; elsewhere files are fetched from the gate.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sluicegate.errors import FileIntegrityError

IS_SUPPORTED = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

_FOLDER_FLAGS = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# O_NONBLOCK: a pipe in the file's place must not keep us waiting.
_FILE_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def opened_folder(root: Path, relative: str) -> Iterator[tuple[int, str]]:
    """Yields a descriptor of the folder that the file is in, and the file's name there.

    Raises ``FileIntegrityError`` for a path that is not plain, ``OSError`` where a folder is missing or is a link.
    """
    *folders, name = _steps(relative)
    # The root itself is the service's own setting, and may be a link.
    descriptor = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        for folder in folders:
            inner = os.open(folder, os.O_RDONLY | _FOLDER_FLAGS, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor, name
    finally:
        os.close(descriptor)


def open_file(root: Path, relative: str) -> int:
    """Returns a descriptor for reading; the caller closes it.

    Raises ``FileNotFoundError`` where there is none, ``FileIntegrityError`` where there is something else.
    """
    try:
        with opened_folder(root, relative) as (folder, name):
            descriptor = os.open(name, os.O_RDONLY | _FILE_FLAGS, dir_fd=folder)
    except (FileNotFoundError, FileIntegrityError):
        raise
    except OSError as error:
        raise FileIntegrityError(f"the stored file cannot be opened safely: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileIntegrityError("the stored file is no regular file")
    return descriptor


def _steps(relative: str) -> list[str]:
    steps = relative.split("/")
    if any(step in ("", ".", "..") or "\\" in step or "\0" in step for step in steps):
        raise FileIntegrityError("the stored file's path is not a plain path below the storage root")
    return steps
