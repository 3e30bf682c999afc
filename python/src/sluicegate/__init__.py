"""For Python services behind Sluicegate, and for those that only want to be checked.

``sluicegate.receipts``  verified statements about files that the gate let through
``sluicegate.fastapi``   those files as parameters of a FastAPI route
``sluicegate.django``    the same for Django views, and ``sluicegate.flask`` for Flask
``sluicegate.testing``   the checks of an upload route as tests of pytest
``sluicegate.grants``    permissions for uploads straight to the gate, and ``sluicegate.downloads``: links to files
``sluicegate.timing``    response time, database calls and cache status on each answer and in one log line
``sluicegate.health``    a ``/health`` router

The parts for a framework are imported by name only, so that nothing is needed that is not used; and what is below is
loaded when it is asked
for: pytest loads this package for its plugin in every run, and must not wait for cryptography.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_MODULES = {
    "FileIntegrityError": "errors",
    "FileUnavailableError": "errors",
    "Gate": "gate",
    "MemoryReplayStore": "replay",
    "Receipt": "receipts",
    "ReceiptError": "errors",
    "ReceiptVerifier": "receipts",
    "ReplayStore": "replay",
    "SluicegateError": "errors",
    "SqliteReplayStore": "replay",
    "UploadedFile": "uploaded_file",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
