/**
 * An upload by whichever protocol the target takes: the control, and neighbours of it that differ in the file alone.
 */
import type { Probe, SampleFile, Target, UploadContent } from "../check.ts";
import { controlContent, formOf, formRequest } from "./form.ts";
import { probeOf, requestTo, type UploadRequest } from "./upload-request.ts";

/** The request that sends `content`. A raw body carries its first file and nothing else. */
export function uploadRequest(target: Target, content: UploadContent): UploadRequest {
  return target.protocol === "raw"
    ? rawRequest(target, content)
    : formRequest(target, formOf(content), content);
}

function rawRequest(target: Target, content: UploadContent): UploadRequest {
  const file = content.files[0];
  if (file === undefined) throw new Error("a raw body needs a file");
  const path = target.path.replace("{name}", encodeURIComponent(file.name));
  const headers = [`Content-Type: ${file.mediaType}`, `Content-Length: ${file.bytes.length}`];
  return { ...requestTo(target, path, headers), body: file.bytes, content: { files: [file], fields: [] } };
}

/** The control upload's request, with `changed` of its file replaced. */
export function controlRequest(target: Target, changed: Partial<SampleFile> = {}): UploadRequest {
  return uploadRequest(target, controlContent(target, changed));
}

/** The control upload, with `changed` of its file replaced. */
export function controlProbe(target: Target, changed: Partial<SampleFile> = {}): Probe {
  return probeOf(controlRequest(target, changed));
}
