import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `file`. Codes are never renamed once published, only retired. */
export const FILE_CODES = {
  FILE_TOO_LARGE: {
    status: 413,
    title: "The file is larger than the flow allows",
    retry: "never",
    meaning: "The file has more bytes than max-size.",
    remedy: "Send a smaller file; the limit is in limitBytes.",
  },
  FILE_EMPTY: {
    status: 422,
    title: "The file is empty",
    retry: "never",
    meaning: "A file of no bytes is not of any of the types that the flow allows.",
    remedy: "Send the file with its content.",
  },
  FILE_NAME_INVALID: {
    status: 422,
    title: "The file name is not acceptable",
    retry: "never",
    meaning:
      "The name has path separators, control or direction-changing characters, reserved device names, or is too long.",
    remedy: "Send a plain file name.",
  },
  FILE_NAME_MISSING: {
    status: 422,
    title: "The file has no name",
    retry: "never",
    meaning: "The flow compares the extension with the content, and there is no name to compare.",
    remedy: "Send a file name.",
  },
  FILE_EXTENSION_NOT_ALLOWED: {
    status: 415,
    title: "The file name's extension is not allowed here",
    retry: "never",
    meaning: "No type that the flow allows goes by this extension.",
    remedy: "Send a file of an allowed type under its own extension.",
  },
  FILE_TYPE_NOT_ALLOWED: {
    status: 415,
    title: "The file is of a type that the flow does not allow",
    retry: "never",
    meaning: "The content is, or was declared as, a type that is not listed in the flow.",
    remedy: "Send a file of one of the types named in expected.",
  },
  FILE_TYPE_UNKNOWN: {
    status: 415,
    title: "The file is of no type that the gate can verify",
    retry: "never",
    meaning: "The content does not begin like any type that the flow allows.",
    remedy: "Send a file of one of the types named in expected.",
  },
  FILE_TYPE_MISMATCH: {
    status: 422,
    title: "Name, declared type and content of the file do not agree",
    retry: "never",
    meaning: "The extension, the declared Content-Type and the content must name the same type.",
    remedy: "Send the file under the extension and type that it has.",
  },
  FILE_STRUCTURE_INVALID: {
    status: 422,
    title: "The file is damaged or not what it seems",
    retry: "never",
    meaning: "The content begins like its type but does not hold to the end: byteOffset says where.",
    remedy: "Send an intact file.",
  },
  FILE_TRUNCATED: {
    status: 422,
    title: "The file ends before its end",
    retry: "safe",
    meaning: "The content stops in the middle of its structure.",
    remedy: "Send the whole file.",
  },
  FILE_TRAILING_BYTES: {
    status: 422,
    title: "There are bytes after the end of the file's content",
    retry: "never",
    meaning: "Bytes after the end of an image, archive or document can carry a second file.",
    remedy: "Save the file again with the program that made it.",
  },
  FILE_LEADING_BYTES: {
    status: 422,
    title: "There are bytes before the beginning of the file's content",
    retry: "never",
    meaning: "Bytes before the signature can carry a second file.",
    remedy: "Save the file again with the program that made it.",
  },
  FILE_SECOND_FORMAT: {
    status: 422,
    title: "The file can be read as a second format too",
    retry: "never",
    meaning: "The content carries the signature of another format where some programs would find it.",
    remedy: "Save the file again with the program that made it.",
  },
  FILE_NOT_TEXT: {
    status: 422,
    title: "The file is not valid text",
    retry: "never",
    meaning: "Text, CSV and JSON files must be UTF-8 without NUL or other control characters.",
    remedy: "Save the file as UTF-8.",
  },
  FILE_ARCHIVE_UNSAFE: {
    status: 422,
    title: "The archive is not safe",
    retry: "never",
    meaning:
      "The archive has unsafe names, links, encrypted or overlapping entries, two directories that disagree, or too many entries.",
    remedy: "Make the archive again from plain files.",
  },
  FILE_TOO_COMPLEX: {
    status: 422,
    title: "The file has more parts than the gate is willing to walk",
    retry: "never",
    meaning: "Walking the structure took more steps or reads than the gate allows.",
    remedy: "Send a simpler file.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
