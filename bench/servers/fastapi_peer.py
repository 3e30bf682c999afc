"""The FastAPI service that the gate is measured beside: what its documentation shows, without validation, hashing or syncing."""

import itertools
import os
import shutil
from pathlib import Path

from fastapi import FastAPI, Request, UploadFile

FILES = Path(os.environ["FILES"])
KEPT_FILES_MAX = 4

app = FastAPI()
numbers = itertools.count()


def place() -> Path:
    """Where the next large file goes: a few names in turn, so that a run needs bounded room."""
    return FILES / f"large-{next(numbers) % KEPT_FILES_MAX}"


@app.put("/raw/{name}")
async def put_raw(name: str, request: Request) -> dict[str, int]:
    """A raw body, written as it arrives."""
    size = 0
    with place().open("wb") as file:
        async for chunk in request.stream():
            file.write(chunk)
            size += len(chunk)
    return {"size": size}


@app.post("/multipart")
def post_multipart(file: UploadFile) -> dict[str, int]:
    """A form with one file, copied to a file of the service's own; `def`, so that FastAPI runs it in a thread as it advises."""
    with place().open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
        return {"size": kept.tell()}


@app.post("/small")
async def post_small(file: UploadFile) -> dict[str, int]:
    """A form with one small file: a new file each time, written without sync; without a thread, which is faster for small ones."""
    content = await file.read()
    (FILES / f"small-{next(numbers)}").write_bytes(content)
    return {"size": len(content)}
