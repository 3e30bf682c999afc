/**
 * Valid files of an exact size, for what happens at a limit and one byte beyond it.
 */
import type { SampleFile, Target } from "../check.ts";
import { longerGif, longerJpeg, longerPng } from "./comment-space.ts";
import { pdfOfSize } from "./document-files.ts";
import { gifBytes, jpegBytes, pngOfSize } from "./image-files.ts";
import { seededBytes } from "./seeded-bytes.ts";

/** A file of a type with exactly so many bytes: the one that is given, longer, where it fits; else one that is made. `null` where neither can be. */
type Sized = (own: Uint8Array, sizeBytes: number) => Uint8Array | null;

/** Types that can be of any size, but for a few that are too small to be valid. */
const SIZED: Readonly<Record<string, Sized>> = {
  "image/png": (own, sizeBytes) => longerPng(own, sizeBytes - own.length) ?? pngOfSize(sizeBytes),
  "image/jpeg": (own, sizeBytes) =>
    longerJpeg(own, sizeBytes - own.length) ?? longerJpeg(SMALL_JPEG, sizeBytes - SMALL_JPEG.length),
  "image/gif": (own, sizeBytes) =>
    longerGif(own, sizeBytes - own.length) ?? longerGif(SMALL_GIF, sizeBytes - SMALL_GIF.length),
  "application/pdf": (_, sizeBytes) => pdfOfSize(sizeBytes),
  "text/plain": (_, sizeBytes) => lines(sizeBytes),
  "text/csv": (_, sizeBytes) => lines(sizeBytes),
};

const SMALL_JPEG = jpegBytes();
const SMALL_GIF = gifBytes();

function lines(sizeBytes: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(sizeBytes, `${"a".repeat(63)}\n`));
}

/** The control file padded to `sizeBytes`; `null` where its type cannot be padded. */
export function controlOfSize(target: Target, sizeBytes: number): SampleFile | null {
  const { control, types } = target.file;
  if (types === "any") return { ...control, bytes: seededBytes(target.seed, sizeBytes) };
  const bytes = SIZED[control.mediaType]?.(control.bytes, sizeBytes) ?? null;
  return bytes === null ? null : { ...control, bytes };
}

/** `controlOfSize` for a case that `canBeSized` let through. */
export function sizedControl(target: Target, sizeBytes: number): SampleFile {
  const file = controlOfSize(target, sizeBytes);
  if (file === null) throw new Error(`${target.file.control.mediaType} cannot be padded`);
  return file;
}

const LARGE_BYTES = 64 * 1024 * 1024;

/** Whether files around the limit can be made for this target within reason. */
export function canBeSized(target: Target): true | string {
  if (target.file.sizeBytesMax > LARGE_BYTES) return "the size limit is beyond 64 MiB";
  const isPaddable = target.file.types === "any" || SIZED[target.file.control.mediaType] !== undefined;
  return isPaddable || `a ${target.file.control.mediaType} cannot be padded to a size`;
}
