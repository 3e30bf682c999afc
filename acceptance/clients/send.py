"""Sends one picture with a caption by the client library that is named: ``send.py LIBRARY URL FILE CAPTION``.

Prints the status and the body of the answer as JSON.
"""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import httpx
import requests


def by_requests(url: str, file: Path, caption: str) -> tuple[int, str]:
    with file.open("rb") as stream:
        answer = requests.post(
            url, files={"picture": (file.name, stream, "image/png")}, data={"caption": caption}, timeout=30
        )
    return answer.status_code, answer.text


def by_httpx(url: str, file: Path, caption: str) -> tuple[int, str]:
    with file.open("rb") as stream:
        answer = httpx.post(
            url, files={"picture": (file.name, stream, "image/png")}, data={"caption": caption}, timeout=30
        )
    return answer.status_code, answer.text


async def by_aiohttp(url: str, name: str, content: bytes, caption: str) -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("caption", caption)
    form.add_field("picture", content, filename=name, content_type="image/png")
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
        return answer.status, await answer.text()


def main() -> None:
    library, url, path, caption = sys.argv[1:]
    if library == "aiohttp":
        status, body = asyncio.run(by_aiohttp(url, Path(path).name, Path(path).read_bytes(), caption))
    else:
        status, body = {"requests": by_requests, "httpx": by_httpx}[library](url, Path(path), caption)
    print(json.dumps({"status": status, "body": body}))


main()
