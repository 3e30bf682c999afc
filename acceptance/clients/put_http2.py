"""Sends a file as the whole body over HTTP/2 by httpx: ``put_http2.py URL FILE CERTIFICATE``.

Prints version, status and body of the answer.
"""

import ssl
import sys
from pathlib import Path

import httpx


def main() -> None:
    url, path, certificate = sys.argv[1:]
    trusted = ssl.create_default_context(cafile=certificate)
    with httpx.Client(http2=True, verify=trusted, timeout=30) as client, Path(path).open("rb") as stream:
        answer = client.put(url, content=stream)
    print(answer.http_version, answer.status_code, answer.text)


main()
