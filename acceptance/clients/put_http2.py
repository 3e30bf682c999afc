"""Sends a file as the whole body over HTTP/2 by httpx: ``put_http2.py URL FILE``. Prints version, status and body of the answer."""

import sys
from pathlib import Path

import httpx


def main() -> None:
    url, path = sys.argv[1:]
    with httpx.Client(http2=True, verify=False, timeout=30) as client, Path(path).open("rb") as stream:
        answer = client.put(url, content=stream)
    print(answer.http_version, answer.status_code, answer.text)


main()
