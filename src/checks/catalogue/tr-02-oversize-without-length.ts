import type { Check, ProbeStep, Target } from "../check.ts";
import { multipartOnly, refuses } from "../define-case.ts";
import { joined } from "../payloads/bytes.ts";
import { BOUNDARY, controlContent, filePart } from "../payloads/form.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlRequest } from "../payloads/upload.ts";
import { chunked, probeOf, probeSteps, withHeader } from "../payloads/upload-request.ts";

const BEYOND_BYTES = 64 * 1024;
const ENDLESS_BYTES = 128 * 1024 * 1024;
/** What sockets and their buffers may hold between two processes on one machine, beside the limit. */
const BUFFERED_BYTES = 32 * 1024 * 1024;

const ofSize = (target: Target, sizeBytes: number) =>
  probeOf(chunked(controlRequest(target, sizedControl(target, sizeBytes))));

/** A file that has no end: the promise of an end is never kept, so only a limit on arriving bytes can stop it. */
function endless(target: Target) {
  const request = withHeader(controlRequest(target), "Content-Length", "Transfer-Encoding: chunked");
  return probeSteps(request, function* (): Iterable<ProbeStep> {
    const chunk = joined("10000\r\n", seededBytes(target.seed, 65536), "\r\n");
    if (target.protocol === "multipart") yield joined(...openedFile(target));
    for (let sent = 0; sent < ENDLESS_BYTES; sent += 65536) yield chunk;
    yield joined("0\r\n\r\n");
  });
}

/** One chunk that opens the file's part and begins its content as the control does. */
function openedFile(target: Target): readonly (Uint8Array | string)[] {
  const [file] = controlContent(target).files;
  if (file === undefined) return [];
  const opening = joined(`--${BOUNDARY}\r\n`, filePart(file).head, "\r\n\r\n", file.bytes);
  return [`${opening.length.toString(16)}\r\n`, opening, "\r\n"];
}

const tooLarge = { statuses: [413], gateCodes: ["FILE_TOO_LARGE", "BODY_TOO_LARGE"] };
const atLimit = (target: Target) => ofSize(target, target.file.sizeBytesMax);

/** UPL-TR-02: a body that does not say how large it will be. */
export const oversizeWithoutLength: Check = {
  id: "UPL-TR-02",
  title: "The limit holds for a body without a length",
  why: "A limit that compares Content-Length alone is passed by leaving Content-Length out.",
  standards: ["v5.0.0-5.2.1", "CWE-770", "CVE-2024-47874", "CVE-2025-54121"],
  flags: ["s"],
  topic: "size",
  remedy: {
    fastapi:
      "Count bytes where they arrive: `max_body_size` of Starlette ≥ 1.6.0, or `async for chunk in request.stream()` with a sum. `UploadFile.size` is known only when everything was taken.",
    django:
      "An upload handler of your own with `receive_data_chunk` that counts and raises `StopUpload(connection_reset=True)`; chunked bodies need a server that passes them (gunicorn does).",
    flask:
      "`MAX_CONTENT_LENGTH` is applied to chunked bodies too by Werkzeug ≥ 3.1 where the server marks the end of input (gunicorn, waitress). Do not call `request.get_data()` before.",
    gate: "`accept.files.NAME.max-size` holds while bytes arrive, with or without a length.",
  },
  cases: [
    refuses(
      "chunked, 64 KiB beyond the limit",
      (target) => ofSize(target, target.file.sizeBytesMax + BEYOND_BYTES),
      tooLarge,
      { appliesTo: canBeSized, twin: atLimit },
    ),
    refuses(
      "the same once more, now that the limit was hit once",
      (target) => ofSize(target, target.file.sizeBytesMax + BEYOND_BYTES),
      tooLarge,
      { appliesTo: canBeSized, twin: atLimit },
    ),
    refuses(
      "chunked, without end",
      endless,
      {
        statuses: [413, 400, 415, 422],
        gateCodes: [
          "FILE_TOO_LARGE",
          "BODY_TOO_LARGE",
          "FILE_TYPE_UNKNOWN",
          "FILE_STRUCTURE_INVALID",
          "FILE_NOT_TEXT",
        ],
        takenBytesMax: BUFFERED_BYTES,
      },
      { appliesTo: canBeSized },
    ),
    refuses(
      "a text field without end in place of a file",
      (target) => {
        const request = withHeader(controlRequest(target), "Content-Length", "Transfer-Encoding: chunked");
        const opening = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${target.fields[0]?.name ?? "text"}"\r\n\r\n`;
        return probeSteps(request, function* (): Iterable<ProbeStep> {
          yield joined(`${opening.length.toString(16)}\r\n${opening}\r\n`);
          const chunk = joined("10000\r\n", "a".repeat(65536), "\r\n");
          for (let sent = 0; sent < ENDLESS_BYTES; sent += 65536) yield chunk;
        });
      },
      {
        statuses: [413, 422],
        gateCodes: ["FIELD_TOO_LONG", "FIELD_UNKNOWN", "BODY_TOO_LARGE"],
        takenBytesMax: BUFFERED_BYTES,
      },
      { appliesTo: multipartOnly },
    ),
  ],
};
