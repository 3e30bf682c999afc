"""Blocking work from async code, with what the event loop at hand offers.

``asyncio.to_thread`` carries the context variables over, so that what is counted there counts for the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Runs ``work`` in a thread and returns what it returns or raises."""
    return await asyncio.to_thread(work)


async def iterate_in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Takes each next chunk in a thread."""
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk
