/**
 * Python that sends exact bytes over a socket of its own and reads what comes back: the standard library alone, 3.8 and newer.
 */
import { credentialName, type SentRequest } from "./sent-request.ts";

const BASE64_COLUMNS = 76;

/** What both need: the imports and the function `send(origin, request) -> bytes`. */
export const SENDER = `import base64
import os
import re
import socket
import ssl
from urllib.parse import urlsplit


def send(origin: str, request: bytes) -> bytes:
    """Sends the bytes as they are; returns what came back within ten seconds."""
    url = urlsplit(origin)
    is_tls = url.scheme == "https"
    connection = socket.create_connection((url.hostname, url.port or (443 if is_tls else 80)), timeout=10)
    if is_tls:
        connection = ssl.create_default_context().wrap_socket(connection, server_hostname=url.hostname)
    received = b""
    with connection:
        try:
            connection.sendall(request)
        except OSError:
            pass  # A refusal may come, and the connection end, before everything is sent.
        try:
            while status_of(received) is None and (more := connection.recv(65536)):
                received += more
        except OSError:
            pass
    return received


def status_of(received: bytes) -> "int | None":
    """Status of the first answer that is not 1xx; None where there is none."""
    for status in re.findall(rb"(?:^|\\r\\n\\r\\n)HTTP/1\\.[01] (\\d{3})", received):
        if not status.startswith(b"1"):
            return int(status)
    return None
`;

/** Lines that make `request`, the bytes with the credentials put in. */
export function requestLines(request: SentRequest, indent: string): readonly string[] {
  const lines = base64Lines(request.bytes).map((line) => `${indent}    "${line}"`);
  const credentials = request.hidden.map((_, index) => {
    const value = `os.environ["${credentialName(index)}"].encode("latin-1")`;
    return `${indent}request = request.replace(b"***", ${value}, 1)`;
  });
  return [`${indent}request = base64.b64decode(`, ...lines, `${indent})`, ...credentials];
}

/** Base64 in lines. */
export function base64Lines(bytes: Uint8Array): readonly string[] {
  const text = Buffer.from(bytes).toString("base64");
  return text.match(new RegExp(`.{1,${BASE64_COLUMNS}}`, "g")) ?? [""];
}
