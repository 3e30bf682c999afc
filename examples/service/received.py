"""What the service got: one row a file, in SQLite. The bytes themselves are counted and hashed, and not kept."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sluicegate.timing import counted_connection

_TABLE = """
CREATE TABLE IF NOT EXISTS received (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, route TEXT NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL,
  type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, upload_id TEXT, caption TEXT
)"""
_ONE_ROW_AN_UPLOAD = "CREATE UNIQUE INDEX IF NOT EXISTS received_upload ON received (upload_id)"


@dataclass(frozen=True)
class Received:
    """One file. ``size`` in bytes; ``sha256`` of what arrived here, in lower-case hexadecimal."""

    route: str
    who: str
    name: str
    type: str
    size: int
    sha256: str
    upload_id: str | None = None
    caption: str | None = None


class Counted:
    """Counts and hashes bytes as they come."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._digest.update(chunk)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class ReceivedFiles:
    """The table. One connection behind a lock: SQLite writes one at a time anyway."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE)
        connection.execute(_ONE_ROW_AN_UPLOAD)
        self._lock = threading.Lock()
        self._connection = counted_connection(connection)

    def add(self, file: Received) -> dict[str, Any]:
        """Keeps a row, on stable storage when this returns, and returns it as the API shows it.

        An upload that was kept already, by its ``upload_id``, gets the row that there is.
        """
        row = {"at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), **asdict(file)}
        columns = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        insert = f"INSERT INTO received ({columns}) VALUES ({values})"
        again = "ON CONFLICT (upload_id) DO UPDATE SET upload_id = excluded.upload_id RETURNING *"
        with self._lock:
            kept = self._connection.execute(f"{insert} {again}", row).fetchone()
        return _as_shown(dict(kept))

    def newest(self, count: int) -> list[dict[str, Any]]:
        """At most ``count`` rows, newest first."""
        with self._lock:
            rows = self._connection.execute("SELECT * FROM received ORDER BY id DESC LIMIT ?", (count,)).fetchall()
        return [_as_shown(dict(row)) for row in rows]

    def find(self, upload_id: str) -> dict[str, Any] | None:
        """The row of an upload, or ``None``."""
        with self._lock:
            row = self._connection.execute("SELECT * FROM received WHERE upload_id = ?", (upload_id,)).fetchone()
        return None if row is None else _as_shown(dict(row))

    def check(self) -> None:
        """Raises where the database does not answer."""
        with self._lock:
            self._connection.execute("SELECT 1").fetchone()


def _as_shown(row: dict[str, Any]) -> dict[str, Any]:
    upload_id = row.pop("upload_id")
    return {**row, "uploadId": upload_id}
