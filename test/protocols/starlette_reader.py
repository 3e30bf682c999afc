"""Reads multipart bodies as a Starlette or FastAPI service does: a line of JSON in, a line of JSON out, until standard input ends.

In: {"contentType": byte string, "body": base64}. Out: {"parts": [{"name", "fileName", "contentType", "content": base64}]} or {"error": …}.
"""

import asyncio
import base64
import json
import sys

from starlette.datastructures import UploadFile
from starlette.requests import Request


async def read(content_type: str, body: bytes) -> list[dict[str, str | None]]:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode("latin-1"))]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    async with request.form() as form:
        return [await part_of(name, value) for name, value in form.multi_items()]


async def part_of(name: str, value: UploadFile | str) -> dict[str, str | None]:
    if isinstance(value, str):
        content = value.encode("utf-8", "surrogatepass")
        return {"name": name, "fileName": None, "contentType": None, "content": base64.b64encode(content).decode()}
    content = await value.read()
    return {
        "name": name,
        "fileName": value.filename,
        "contentType": value.content_type,
        "content": base64.b64encode(content).decode(),
    }


async def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"parts": await read(request["contentType"], base64.b64decode(request["body"]))}
        except Exception as error:  # noqa: BLE001  any refusal is an answer here
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
