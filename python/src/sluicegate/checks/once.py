"""Something made once, though several processes want it: the workers of pytest-xdist.

Always holds: a file's lock is let go by the system when its process ends, so that none is left behind.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_POLL_SECONDS = 0.1


def made_once(file: Path, make: Callable[[], str]) -> str:
    """The text of ``file``; made, and written there, by the first who asks. The others wait for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file.with_suffix(".lock")):
        if file.exists():
            return file.read_text(encoding="utf-8")
        text = make()
        beside = file.with_suffix(f".{os.getpid()}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
        return text


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a+b") as lock:
        _lock(lock)
        yield


if sys.platform != "win32":
    import fcntl

    def _lock(lock: IO[bytes]) -> None:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)

else:  # pragma: no cover - the tests run where there is `fcntl`
    import msvcrt

    def _lock(lock: IO[bytes]) -> None:
        while True:
            try:
                lock.seek(0)
                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(_POLL_SECONDS)
            else:
                return
