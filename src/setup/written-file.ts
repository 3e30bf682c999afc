/**
 * Reads a file that a person wrote, as text.
 *
 * What comes out is at most `WRITTEN_BYTES_MAX` bytes of valid UTF-8 without control characters, or the problems. A byte order
 * mark is kept in `text`, so that offsets in the text can be counted back into bytes.
 */
import { open } from "node:fs/promises";
import type { ErrorCode } from "../problems/error-code.ts";
import type { SetupProblem } from "../problems/setup-problem.ts";

/** No file that a person wrote is larger. */
export const WRITTEN_BYTES_MAX = 1024 * 1024;

export type WrittenFile =
  | { readonly ok: true; readonly bytes: Buffer; readonly text: string }
  | { readonly ok: false; readonly isMissing: boolean; readonly problems: readonly SetupProblem[] };

/**
 * Reads the file whole.
 * @param code  under which problems are told.
 * @returns     bytes and text; or one problem: missing, not a regular file, unreadable, too large, not UTF-8, control characters.
 */
export async function readWrittenFile(file: string, code: ErrorCode): Promise<WrittenFile> {
  let bytes: Buffer | string;
  try {
    bytes = await readBytes(file);
  } catch (error) {
    return unreadable(file, code, error);
  }
  if (typeof bytes === "string") return refused(file, code, bytes);
  return decode(file, code, bytes);
}

async function readBytes(file: string): Promise<Buffer | string> {
  await using handle = await open(file, "r");
  const stat = await handle.stat();
  if (!stat.isFile()) return "this is not a regular file.";
  const buffer = Buffer.alloc(WRITTEN_BYTES_MAX + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  return "the file is larger than 1 MiB; no such file is meant to be.";
}

function unreadable(file: string, code: ErrorCode, error: unknown): WrittenFile {
  const reason = (error as NodeJS.ErrnoException).code ?? "unknown error";
  const isMissing = reason === "ENOENT" || reason === "ENOTDIR";
  const message = isMissing ? "there is no such file." : `the file cannot be read (${reason}).`;
  return { ok: false, isMissing, problems: [at(file, code, 1, 1, message)] };
}

function decode(file: string, code: ErrorCode, bytes: Buffer): WrittenFile {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const [line, column] = firstInvalidPlace(bytes);
    return refused(file, code, "the file is not UTF-8 text from here on; save it as UTF-8.", line, column);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control === null) return { ok: true, bytes, text };
  const hex = control[0].charCodeAt(0).toString(16).padStart(4, "0");
  const [line, column] = placeOf(text.slice(0, control.index));
  return refused(
    file,
    code,
    `control character U+${hex.toUpperCase()} is not text; remove it.`,
    line,
    column,
  );
}

/** Bytes are decoded leniently: what is the same so far is valid up to the first replacement character that is not in the bytes. */
function firstInvalidPlace(bytes: Buffer): [number, number] {
  const lenient = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  let from = 0;
  for (;;) {
    const index = lenient.indexOf("\ufffd", from);
    if (index < 0) return [1, 1];
    const start = Buffer.byteLength(lenient.slice(0, index));
    if (bytes.subarray(start, start + 3).toString("hex") !== "efbfbd")
      return placeOf(lenient.slice(0, index));
    from = index + 1;
  }
}

function placeOf(before: string): [number, number] {
  const lines = before.split("\n");
  return [lines.length, (lines.at(-1) ?? "").length + 1];
}

function refused(file: string, code: ErrorCode, message: string, line = 1, column = 1): WrittenFile {
  return { ok: false, isMissing: false, problems: [at(file, code, line, column, message)] };
}

function at(file: string, code: ErrorCode, line: number, column: number, message: string): SetupProblem {
  return { code, severity: "error", file, line, column, path: "", message };
}
