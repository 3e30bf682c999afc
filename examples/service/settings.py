"""The service's settings, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Settings:
    """``port``        SERVICE_PORT: where this service listens; its origin is the audience of receipts.
    ``audience``    AUDIENCE: that origin, where the gate knows it by another name.
    ``gate_url``    GATE_URL: where this service and its clients reach the gate.
    ``issuer``      RECEIPT_ISSUER: ``receipts.issuer`` of the gate's settings; the gate's URL where they name none.
    ``store_root``  STORE_ROOT: ``storage.path`` of the gate's settings; set it to nothing where this service cannot
                    read that folder, and files are fetched from the gate.
    ``database``    SERVICE_DATABASE: this service's own SQLite file.
    ``jwt_secret``  JWT_SECRET: ``callers.jwt.secret`` of the gate's settings, with which this service signs tokens.
    ``grant_secret``  GRANT_SECRET: ``callers.grant.secret``, with which it signs grants and download links.
    """

    port: int
    audience: str
    gate_url: str
    issuer: str
    store_root: Path | None
    database: Path
    jwt_secret: str | None = field(repr=False)
    grant_secret: str | None = field(repr=False)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        port = int(environment.get("SERVICE_PORT", "8000"))
        store_root = environment.get("STORE_ROOT", str(CHECKOUT / "examples" / "data"))
        gate_url = environment.get("GATE_URL", "http://127.0.0.1:8080")
        return cls(
            port=port,
            audience=environment.get("AUDIENCE", f"http://127.0.0.1:{port}"),
            gate_url=gate_url,
            issuer=environment.get("RECEIPT_ISSUER", gate_url),
            store_root=Path(store_root) if store_root else None,
            database=Path(environment.get("SERVICE_DATABASE", CHECKOUT / "examples" / "data" / "service.sqlite")),
            jwt_secret=environment.get("JWT_SECRET"),
            grant_secret=environment.get("GRANT_SECRET"),
        )
