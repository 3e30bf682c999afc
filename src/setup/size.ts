/** Sizes of bytes (`5 MiB`) and of pixels (`40 MP`). */
import { type QuantityKind, readQuantity } from "./quantity.ts";
import type { Reading } from "./reading.ts";

const BYTES: QuantityKind = {
  name: "a size",
  example: "5 MiB",
  factors: {
    B: 1,
    kB: 1e3,
    MB: 1e6,
    GB: 1e9,
    TB: 1e12,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
    TiB: 2 ** 40,
  },
};

const PIXELS: QuantityKind = {
  name: "a number of pixels",
  example: "40 MP",
  factors: { px: 1, kP: 1e3, MP: 1e6, GP: 1e9 },
};

/** Reads a size: `5 MiB` is 5,242,880, `5 MB` is 5,000,000. @returns bytes. */
export function readSize(written: unknown): Reading<number> {
  return readQuantity(written, BYTES);
}

/** Reads a number of pixels: `40 MP` is 40,000,000. @returns pixels. */
export function readPixels(written: unknown): Reading<number> {
  return readQuantity(written, PIXELS);
}

/** For editors; `readSize` decides. */
export const SIZE_PATTERN = "^[0-9]+(\\.[0-9]+)? ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$";

/** For editors; `readPixels` decides. */
export const PIXELS_PATTERN = "^[0-9]+(\\.[0-9]+)? ?(px|kP|MP|GP)$";

/** A size in the largest unit that leaves it exact enough to be read: `5 MiB`, `1.5 GiB`, `200 kB`. */
export function formatSize(bytes: number): string {
  const exact = ["TiB", "GiB", "MiB", "KiB", "TB", "GB", "MB", "kB"].find((unit) => {
    const amount = bytes / (BYTES.factors[unit] ?? 1);
    return amount >= 1 && Number.isInteger(amount * 10);
  });
  if (exact === undefined) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  return `${bytes / (BYTES.factors[exact] ?? 1)} ${exact}`;
}
