"""The gate as a service behind it sees it: where it is, what it signs with, where its files are.

One ``Gate`` a service, made at the start from the service's settings. Needs no framework: ``sluicegate.fastapi`` and
its kin use it, and ``accept`` can be called by hand.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from sluicegate.http_get import Origin
from sluicegate.receipts import ReceiptVerifier
from sluicegate.replay import ReplayStore
from sluicegate.uploaded_file import FileSource, UploadedFile

JWKS_PATH = "/.well-known/jwks.json"


class Gate:
    """Takes receipts and hands out files.

    ``url``         where this service reaches the gate, such as ``http://127.0.0.1:8080``.
    ``audience``    this service's origin as the gate knows it: the ``url`` of its upstream.
    ``issuer``      ``receipts.issuer`` of the gate's settings; ``url`` where not given.
    ``store_root``  ``storage.path`` of the gate's settings, where this service can read it: then bytes are opened
                    there and not fetched.
    ``replay``      which receipts were used; give one that is shared where there are several workers.
    ``verifier``    instead of ``audience``, ``issuer`` and ``replay``: a verifier of one's own.
    """

    def __init__(
        self,
        url: str,
        *,
        audience: str = "",
        issuer: str | None = None,
        store_root: str | PathLike[str] | None = None,
        replay: ReplayStore | None = None,
        verifier: ReceiptVerifier | None = None,
        timeout_seconds: float = 30,
    ) -> None:
        if verifier is None and not audience:
            raise ValueError("audience is missing: this service's origin as the gate knows it")
        base = url.rstrip("/")
        self._source = FileSource(
            gate=Origin.parse(base),
            store_root=None if store_root is None else Path(store_root),
            timeout_seconds=timeout_seconds,
        )
        self._verifier = verifier or ReceiptVerifier(
            base + JWKS_PATH, issuer=issuer or base, audience=audience, replay=replay
        )

    def accept(self, token: str, *, method: str, raw_path: str, field: str | None) -> UploadedFile:
        """From a receipt and the request that it came with to the file. Blocks for as long as keys are fetched.

        Raises ``ReceiptError``.
        """
        receipt = self._verifier.verify(token, method=method, raw_path=raw_path, field=field)
        return UploadedFile(receipt, token, self._source)
