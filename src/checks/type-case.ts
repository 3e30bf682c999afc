/**
 * Cases about what a file is: one file in place of the control's, judged by content, declared type and name together.
 */
import type { CheckCase, ReceivedUpload, Refusal, SampleFile, Target, UploadContent } from "./check.ts";
import { type CaseOptions, neutralises, refuses, whereAll } from "./define-case.ts";
import { csvFile, jsonFile, pdfFile, textFile, zipFile } from "./payloads/document-files.ts";
import { gifFile, jpegFile, pngFile } from "./payloads/image-files.ts";
import { controlProbe } from "./payloads/upload.ts";

/** Where a file may be refused for what it is. */
export const wrongFile: Refusal = {
  statuses: [400, 415, 422],
  gateCodes: [
    "FILE_NAME_INVALID",
    "FILE_EXTENSION_NOT_ALLOWED",
    "PROTOCOL_PART_HEADER_MALFORMED",
    "CONTENT_TYPE_UNSUPPORTED",
    "FILE_TYPE_NOT_ALLOWED",
    "FILE_TYPE_UNKNOWN",
    "FILE_TYPE_MISMATCH",
    "FILE_STRUCTURE_INVALID",
    "FILE_TRUNCATED",
    "FILE_TRAILING_BYTES",
    "FILE_LEADING_BYTES",
    "FILE_SECOND_FORMAT",
    "FILE_NOT_TEXT",
    "FILE_ARCHIVE_UNSAFE",
    "FILE_EMPTY",
  ],
};

/** One valid file of each type that routes commonly take. */
export const SAMPLES: readonly SampleFile[] = [
  pngFile(),
  jpegFile(),
  gifFile(),
  pdfFile(),
  zipFile(),
  textFile(),
  csvFile(),
  jsonFile(),
];

/** The honest file of a type: the sample's name, type and bytes, with `bytes` in their place where given. */
export function sampleOf(mediaType: string, bytes?: Uint8Array): SampleFile {
  const sample = SAMPLES.find((each) => each.mediaType === mediaType);
  if (sample === undefined) throw new Error(`no sample of ${mediaType}`);
  return bytes === undefined ? sample : { ...sample, bytes };
}

/** A file of one type that is wrong in its bytes; its twin is the honest file of that type. */
export function wrongBytes(name: string, mediaType: string, bytes: Uint8Array, refusal?: Refusal): CheckCase {
  const options: CaseOptions = {
    appliesTo: takesType(mediaType),
    twin: (target) => controlProbe(target, sampleOf(mediaType)),
  };
  return refusedFile(name, () => sampleOf(mediaType, bytes), options, refusal);
}

export function takesKnownTypes({ file }: Target): true | string {
  return file.types !== "any" || "the route takes any bytes";
}

export function takesType(mediaType: string): CheckCase["appliesTo"] {
  return ({ file }) =>
    (file.types !== "any" && file.types.includes(mediaType)) || `the route takes no ${mediaType}`;
}

export function takesNot(mediaType: string): CheckCase["appliesTo"] {
  return ({ file }) =>
    (file.types !== "any" && !file.types.includes(mediaType)) || `the route takes ${mediaType}, or any bytes`;
}

/** Names are told by multipart alone: a raw body has its name in the path, if at all. */
export function takesNames({ protocol }: Target): true | string {
  return protocol === "multipart" || "a raw body has no file name";
}

/** A file that must be refused for what it is. */
export function refusedFile(
  name: string,
  fileOf: (target: Target) => Partial<SampleFile>,
  options: CaseOptions = {},
  refusal: Refusal = wrongFile,
): CheckCase {
  const appliesTo = whereAll(takesKnownTypes, options.appliesTo ?? (() => true));
  return refuses(name, (target) => controlProbe(target, fileOf(target)), refusal, { ...options, appliesTo });
}

/** A file that must be refused, or arrive without the harm. */
export function hostileFile(
  name: string,
  fileOf: (target: Target) => Partial<SampleFile>,
  harm: (received: ReceivedUpload, content: UploadContent) => string | null,
  options: CaseOptions = {},
): CheckCase {
  const appliesTo = whereAll(takesKnownTypes, options.appliesTo ?? (() => true));
  return neutralises(name, (target) => controlProbe(target, fileOf(target)), wrongFile, harm, {
    ...options,
    appliesTo,
  });
}

const INERT = /^(image\/(png|jpeg|gif|webp)|application\/(pdf|zip|json|octet-stream)|text\/(plain|csv))\b/;

/** A declared type that browsers would run, told to the service. */
export function isActiveType(received: ReceivedUpload): string | null {
  const active = received.files.find((file) => file.mediaType !== null && !INERT.test(file.mediaType));
  return active === undefined ? null : `the service was told the type ${active.mediaType}`;
}

/** The control's name with another extension. */
export function renamed(target: Target, extension: string): string {
  return target.file.control.name.replace(/\.[^.]*$/, "") + extension;
}
