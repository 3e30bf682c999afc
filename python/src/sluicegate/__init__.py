"""For Python services behind Sluicegate.

``sluicegate.receipts``  verified statements about files that the gate let through
``sluicegate.fastapi``   those files as parameters of a FastAPI route
``sluicegate.grants``    permissions for uploads straight to the gate, and ``sluicegate.downloads``: links to files
``sluicegate.timing``    response time, database calls and cache status on each answer and in one log line
``sluicegate.health``    a ``/health`` router

The parts for a framework are imported by name only, so that nothing is needed that is not used.
"""

from sluicegate.errors import FileIntegrityError, FileUnavailableError, ReceiptError, SluicegateError
from sluicegate.gate import Gate
from sluicegate.receipts import Receipt, ReceiptVerifier
from sluicegate.replay import MemoryReplayStore, ReplayStore, SqliteReplayStore
from sluicegate.uploaded_file import UploadedFile

__all__ = [
    "FileIntegrityError",
    "FileUnavailableError",
    "Gate",
    "MemoryReplayStore",
    "Receipt",
    "ReceiptError",
    "ReceiptVerifier",
    "ReplayStore",
    "SluicegateError",
    "SqliteReplayStore",
    "UploadedFile",
]
