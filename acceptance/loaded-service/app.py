"""A FastAPI service that keeps photos in a database, counts its calls, and goes wrong when it is told to.

``POST /become?fault=slow&after=40``: from the fortieth upload on it is slow, answers wrongly with a 200, or dies.
"""

import hashlib
import os
import sqlite3
import threading
import time
from typing import Any

from fastapi import FastAPI, HTTPException, UploadFile
from fastapi.responses import JSONResponse

from sluicegate.timing import TimingMiddleware, counted_connection, report_cache

SLOW_SECONDS = 1.5


class Service:
    """What it has, and how it is to go wrong."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.database = counted_connection(sqlite3.connect(":memory:", check_same_thread=False))
        self.database.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, sha256 TEXT)")
        self.fault = "none"
        self.left = 0
        self.uploads = 0

    def next_fault(self) -> str:
        with self.lock:
            self.uploads += 1
            self.left -= 1
            return self.fault if self.left < 0 else "none"

    def keep(self, digest: str) -> int:
        with self.lock:
            known = self.database.execute("SELECT id FROM photos WHERE sha256 = ?", (digest,)).fetchone()
            report_cache("photos", hit=known is not None)
            row = self.database.execute("INSERT INTO photos (sha256) VALUES (?)", (digest,))
            return int(row.lastrowid)


app = FastAPI()
app.add_middleware(TimingMiddleware, log=None)
service = Service()


@app.post("/photos", status_code=201)
def upload(photo: UploadFile) -> Any:
    fault = service.next_fault()
    if fault == "dies":
        os._exit(1)
    if fault == "slow":
        time.sleep(SLOW_SECONDS)
    if fault == "wrong":
        return JSONResponse({"error": "the database is away"}, 200)
    digest = hashlib.sha256(photo.file.read()).hexdigest()
    return {"id": service.keep(digest), "sha256": digest}


@app.get("/photos")
def listed() -> dict[str, int]:
    with service.lock:
        count = service.database.execute("SELECT count(*) FROM photos").fetchone()[0]
    return {"stored": count, "uploads": service.uploads}


@app.delete("/photos/{photo_id}", status_code=204)
def remove(photo_id: int) -> None:
    with service.lock:
        if service.database.execute("DELETE FROM photos WHERE id = ?", (photo_id,)).rowcount == 0:
            raise HTTPException(404, "there is no such photo")


@app.post("/become", status_code=204)
def become(fault: str, after: int = 0) -> None:
    with service.lock:
        service.fault, service.left = fault, after


@app.get("/version")
def version() -> dict[str, Any]:
    return {"git.commit": "3c4d", "workers": 1}
