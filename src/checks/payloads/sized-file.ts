/**
 * Valid files of an exact size, for what happens at a limit and one byte beyond it.
 */
import type { SampleFile, Target } from "../check.ts";
import { joined, repeated } from "./bytes.ts";
import { pdfOfSize } from "./document-files.ts";
import { pngOfSize } from "./image-files.ts";
import { seededBytes } from "./seeded-bytes.ts";

/** Types that can be padded to any size. */
const PADDED: Readonly<Record<string, (sizeBytes: number) => Uint8Array>> = {
  "image/png": pngOfSize,
  "application/pdf": pdfOfSize,
  "text/plain": lines,
  "text/csv": lines,
};

function lines(sizeBytes: number): Uint8Array {
  const line = joined(repeated(0x61, 63), "\n");
  return joined(...Array<Uint8Array>(Math.ceil(sizeBytes / line.length)).fill(line)).subarray(0, sizeBytes);
}

/** The control file padded to `sizeBytes`; `null` where its type cannot be padded. */
export function controlOfSize(target: Target, sizeBytes: number): SampleFile | null {
  const { control, types } = target.file;
  if (types === "any") return { ...control, bytes: seededBytes(target.seed, sizeBytes) };
  const pad = PADDED[control.mediaType];
  return pad === undefined ? null : { ...control, bytes: pad(sizeBytes) };
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
  const isPaddable = target.file.types === "any" || PADDED[target.file.control.mediaType] !== undefined;
  return isPaddable || `a ${target.file.control.mediaType} cannot be padded to a size`;
}
