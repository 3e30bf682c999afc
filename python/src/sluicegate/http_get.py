"""A plain HTTP GET to the gate: no redirects, no proxies of the environment, a deadline on every wait.

The gate's address comes from the service's own settings; only path and headers are given here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit


class GetError(Exception):
    """The answer was not 200, or there was none."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a server."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Origin:
        """Takes ``http://host:port``, with or without a path, which is ignored. Raises ``ValueError``."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError(f"not an http or https address: {url!r}")
        return cls(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))

    def connect(self, timeout_seconds: float) -> HTTPConnection:
        kind = HTTPSConnection if self.scheme == "https" else HTTPConnection
        return kind(self.host, self.port, timeout=timeout_seconds)


@contextmanager
def open_get(origin: Origin, target: str, *, headers: dict[str, str], timeout_seconds: float) -> Iterator[HTTPResponse]:
    """Opens a GET and yields the answer, to be read; closes the connection in the end.

    ``timeout_seconds`` holds for every single wait. Raises ``GetError``.
    """
    connection = origin.connect(timeout_seconds)
    try:
        connection.request("GET", target, headers={"Accept-Encoding": "identity", **headers})
        answer = connection.getresponse()
        if answer.status != 200:
            raise GetError(f"{target.partition('?')[0]} answered {answer.status}", answer.status)
        yield answer
    except (OSError, HTTPException) as error:
        raise GetError(f"{origin.host}:{origin.port} does not answer: {error!r}") from error
    finally:
        connection.close()


def get_bytes(url: str, *, bytes_max: int, timeout_seconds: float) -> bytes:
    """Fetches a small document. Raises ``GetError``, also where it has more than ``bytes_max`` bytes."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "application/json"}
    with open_get(Origin.parse(url), target, headers=headers, timeout_seconds=timeout_seconds) as answer:
        body = answer.read(bytes_max + 1)
    if len(body) > bytes_max:
        raise GetError(f"{parts.path} has more than {bytes_max} bytes")
    return body
