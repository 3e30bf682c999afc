/**
 * multipart/form-data with every byte under control: the well-formed body of RFC 7578, and every way to depart from it.
 */
import type { ContentFile, Probe, SampleFile, Target, UploadContent } from "../check.ts";
import { joined, utf8 } from "./bytes.ts";
import { probeOf, requestTo, type UploadRequest } from "./upload-request.ts";

/** One part: its header block as it is (without the empty line), then its content. */
export interface FormPart {
  readonly head: Uint8Array;
  readonly content: Uint8Array;
}

/** A whole body. Absent members are as RFC 2046 has them: nothing before, nothing after. */
export interface Form {
  readonly boundary: string;
  readonly parts: readonly FormPart[];
  readonly preamble?: Uint8Array;
  readonly epilogue?: Uint8Array;
  /** In place of `--boundary--CRLF`. */
  readonly closing?: Uint8Array;
}

export const BOUNDARY = "sluice-7MA4YWxkTrZu0gW";

/** A part from header lines (UTF-8) and content. */
export function part(lines: readonly (string | Uint8Array)[], content: Uint8Array | string): FormPart {
  const head = lines.flatMap((line, index) => (index === 0 ? [line] : ["\r\n", line]));
  return { head: joined(...head), content: typeof content === "string" ? utf8(content) : content };
}

export function fieldPart(name: string, value: Uint8Array | string): FormPart {
  return part([`Content-Disposition: form-data; name="${name}"`], value);
}

/** A file part; `disposition` replaces the parameters after `form-data; `. */
export function filePart(file: ContentFile, disposition?: string | Uint8Array): FormPart {
  const plain = `name="${file.field}"; filename="${file.name}"`;
  return part(
    [joined("Content-Disposition: form-data; ", disposition ?? plain), `Content-Type: ${file.mediaType}`],
    file.bytes,
  );
}

/** What the control upload holds, with `changed` of its file replaced. The file that is attacked comes first. */
export function controlContent(target: Target, changed: Partial<SampleFile> = {}): UploadContent {
  return {
    files: [{ field: target.file.field, ...target.file.control, ...changed }, ...(target.otherFiles ?? [])],
    fields: target.fields.map((field) => [field.name, field.control] as const),
  };
}

/** Fields first, then files, as browsers send a form whose file input comes last. */
export function formOf(content: UploadContent): Form {
  const fields = content.fields.map(([name, value]) => fieldPart(name, value));
  return { boundary: BOUNDARY, parts: [...fields, ...content.files.map((file) => filePart(file))] };
}

export function formBytes(form: Form): Uint8Array {
  const parts = form.parts.flatMap((each) => [
    `--${form.boundary}\r\n`,
    each.head,
    "\r\n\r\n",
    each.content,
    "\r\n",
  ]);
  const closing = form.closing ?? `--${form.boundary}--\r\n`;
  return joined(form.preamble ?? "", ...parts, closing, form.epilogue ?? "");
}

/** A form as a request. `contentType` replaces the whole value. */
export function formRequest(
  target: Target,
  form: Form,
  content: UploadContent = controlContent(target),
  contentType = `multipart/form-data; boundary=${form.boundary}`,
): UploadRequest {
  const body = formBytes(form);
  const headers = [`Content-Type: ${contentType}`, `Content-Length: ${body.length}`];
  return { ...requestTo(target, target.path, headers), body, content };
}

/** The control form with the part of the file that is attacked replaced. */
export function formWithFilePart(target: Target, replaced: FormPart): Form {
  const form = formOf(controlContent(target));
  return { ...form, parts: form.parts.toSpliced(target.fields.length, 1, replaced) };
}

/** The control form with parts added at the end. */
export function formWithParts(target: Target, ...added: readonly FormPart[]): Form {
  const form = formOf(controlContent(target));
  return { ...form, parts: [...form.parts, ...added] };
}

/** A form as a probe whose right reading is `content`. */
export function formProbe(target: Target, form: Form, content?: UploadContent): Probe {
  return probeOf(formRequest(target, form, content));
}
