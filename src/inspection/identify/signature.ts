/**
 * What a file begins like.
 *
 * In: its first bytes, up to 4 KiB. Out: one of the families that the gate can verify, or words for something else that is
 * well known, for the answer to the sender. A signature proves nothing; it chooses the walker that does.
 */
import { isMp4Brand } from "./mp4.ts";
import { canBeText, nameTextStart } from "./text.ts";

/** `archive` is ZIP and all that is made of it, `text` all that is UTF-8; the others are one media type each. */
export type Family =
  | "image/jpeg"
  | "image/png"
  | "image/gif"
  | "image/webp"
  | "application/pdf"
  | "video/mp4"
  | "archive"
  | "text";

/** `family` is `null` for what the gate cannot verify; `label` is then words for it, or `null` where it is unknown. */
export interface Signature {
  readonly family: Family | null;
  readonly label: string | null;
}

const STARTS: readonly (readonly [string, Family])[] = [
  ["\xff\xd8\xff", "image/jpeg"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["%PDF-", "application/pdf"],
  ["PK\x03\x04", "archive"],
  ["PK\x05\x06", "archive"],
];

/** Label of what is text, but not for the gate. */
export const UTF_16_LABEL = "text in UTF-16";

/** What is often sent and never verified: label, offset, possible bytes there. Read only after it is clear that it is no text. */
const OTHERS: readonly (readonly [string, number, readonly string[]])[] = [
  ["a Windows program", 0, ["MZ"]],
  ["a Linux program", 0, ["\x7fELF"]],
  ["a macOS program or Java class", 0, ["\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe"]],
  ["a ZIP archive in several parts", 0, ["PK\x07\x08", "PK00"]],
  ["a RAR archive", 0, ["Rar!"]],
  ["a 7z archive", 0, ["7z\xbc\xaf"]],
  ["a gzip file", 0, ["\x1f\x8b"]],
  ["a bzip2 file", 0, ["BZh"]],
  ["an xz file", 0, ["\xfd7zXZ"]],
  ["a Zstandard file", 0, ["\x28\xb5\x2f\xfd"]],
  ["an old Office document", 0, ["\xd0\xcf\x11\xe0"]],
  ["a TIFF image", 0, ["II*\0", "MM\0*"]],
  ["a BMP image", 0, ["BM"]],
  ["an icon (ICO)", 0, ["\0\0\x01\0"]],
  ["a Photoshop document", 0, ["8BPS"]],
  ["a HEIC image", 4, ["ftyphei", "ftyphev", "ftypmif1", "ftypmsf1"]],
  ["an AVIF image", 4, ["ftypavi"]],
  ["a QuickTime film or its kind", 4, ["ftyp"]],
  ["a JPEG 2000 image", 4, ["jP  "]],
  ["a WAV file", 8, ["WAVE"]],
  ["an AVI film", 8, ["AVI "]],
  ["a Matroska or WebM film", 0, ["\x1a\x45\xdf\xa3"]],
  ["an Ogg file", 0, ["OggS"]],
  ["an MP3 file", 0, ["ID3", "\xff\xfb", "\xff\xf3", "\xff\xf2"]],
  ["a SQLite database", 0, ["SQLite format 3"]],
  ["a WebAssembly program", 0, ["\0asm"]],
  [UTF_16_LABEL, 0, ["\xff\xfe", "\xfe\xff"]],
];

/** The name of a family for a person. */
export const FAMILY_LABELS: Readonly<Record<Family, string>> = {
  "image/jpeg": "a JPEG image",
  "image/png": "a PNG image",
  "image/gif": "a GIF image",
  "image/webp": "a WebP image",
  "application/pdf": "a PDF document",
  "video/mp4": "an MP4 video",
  archive: "a ZIP archive",
  text: "text",
};

/** The family that a verifiable media type belongs to. */
export function familyOf(mediaType: string): Family {
  if (mediaType === "application/zip" || mediaType.startsWith("application/vnd.openxmlformats-"))
    return "archive";
  if (mediaType.startsWith("text/") || mediaType === "application/json") return "text";
  return mediaType as Family;
}

/**
 * @param head     first bytes of the file, at most 4 KiB of them are looked at
 * @param isWhole  whether these are all bytes of the file
 */
export function readSignature(head: Uint8Array, isWhole: boolean): Signature {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 4096));
  const start = bytes.toString("latin1", 0, 32);
  const family = familyByStart(bytes, start);
  if (family !== null) return { family, label: FAMILY_LABELS[family] };
  if (bytes.length > 0 && canBeText(bytes, isWhole && bytes.length === head.length)) {
    return { family: "text", label: nameTextStart(bytes) ?? "text" };
  }
  const other = OTHERS.find(([, at, starts]) =>
    starts.some((bytesThere) => start.startsWith(bytesThere, at)),
  );
  return { family: null, label: other?.[0] ?? null };
}

function familyByStart(bytes: Buffer, start: string): Family | null {
  const plain = STARTS.find(([signature]) => start.startsWith(signature));
  if (plain !== undefined) return plain[1];
  if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) return "image/webp";
  // ISO/IEC 14496-12 section 4.3: box size u32 at 0, "ftyp" at 4, brands from 8.
  if (start.startsWith("ftyp", 4) && bytes.length >= 16) {
    return isMp4Brand(bytes.subarray(8, bytes.readUInt32BE(0))) ? "video/mp4" : null;
  }
  return null;
}
