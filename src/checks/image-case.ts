/**
 * Cases about pictures: one that is hostile, and an honest one of the same format.
 */
import type { CheckCase, NeutralExpectation, Target } from "./check.ts";
import { type Inside, type NeutralInside, neutralInside, refusedInside } from "./content-case.ts";
import { gifBytes, jpegBytes, pngBytes } from "./payloads/image-files.ts";
import { webpBytes } from "./payloads/image-variants.ts";

export const PNG = "image/png";
export const JPEG = "image/jpeg";
export const GIF = "image/gif";
export const WEBP = "image/webp";

const HONEST: Readonly<Record<string, () => Uint8Array>> = {
  [PNG]: () => pngBytes(),
  [JPEG]: () => jpegBytes(),
  [GIF]: () => gifBytes(),
  [WEBP]: () => webpBytes(),
};

/** The smallest picture of a format. */
export function honestPicture(mediaType: string): Uint8Array {
  const make = HONEST[mediaType];
  if (make === undefined) throw new Error(`no picture of ${mediaType}`);
  return make();
}

type Make = (target: Target) => Uint8Array;

/** A picture that must be refused. */
export function refusedPicture(
  name: string,
  mediaType: string,
  file: Make,
  more: Partial<Inside> = {},
): CheckCase {
  return refusedInside(name, mediaType, { file, twin: () => honestPicture(mediaType), ...more });
}

/** A picture that may be refused, or stored without the harm. */
export function neutralPicture(
  name: string,
  mediaType: string,
  file: Make,
  harm: NeutralExpectation["harm"],
  more: Partial<NeutralInside> = {},
): CheckCase {
  return neutralInside(name, mediaType, { file, twin: () => honestPicture(mediaType), harm, ...more });
}

/** Applies where the route does not say that it keeps what a picture tells beside its pixels. */
export function dropsMetadata({ inspect }: Target): true | string {
  return inspect?.images?.keepMetadata !== true || "the route says that it keeps metadata";
}
