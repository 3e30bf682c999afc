/**
 * Cases about file names: the control's bytes under another name, written into the part byte by byte.
 */
import type { CheckCase, Probe, Target, UploadContent } from "./check.ts";
import { accepts, neutralises } from "./define-case.ts";
import { nameHarms } from "./harms.ts";
import { joined } from "./payloads/bytes.ts";
import { controlContent, filePart, formProbe, formWithFilePart } from "./payloads/form.ts";
import { controlRequest } from "./payloads/upload.ts";
import { probeOf, withLines } from "./payloads/upload-request.ts";

/** Where a name may be refused: as a name, as a header that cannot be read, or for its extension. */
const refusedName = {
  statuses: [400, 413, 415, 422],
  gateCodes: [
    "FILE_NAME_INVALID",
    "REQUEST_MALFORMED",
    "PROTOCOL_PART_HEADER_MALFORMED",
    "PROTOCOL_PART_ENCODING_UNSUPPORTED",
    "FILE_EXTENSION_NOT_ALLOWED",
    "FILE_TYPE_MISMATCH",
    "FILE_NAME_MISSING",
  ],
};

type NameOf = (extension: string, stem: string) => string | Uint8Array;

/** The control under the name that `nameOf` makes of its extension (with the dot) and stem. */
export function namedProbe(target: Target, nameOf: NameOf): Probe {
  const { field, control } = target.file;
  const [extension, stem] = splitName(control.name);
  const name = nameOf(extension, stem);
  const known = typeof name === "string" ? name : Buffer.from(name).toString("utf8");
  const content = controlContent(target, { name: known });
  const [file] = content.files;
  if (file === undefined) throw new Error("the control has no file");
  if (target.protocol === "raw") return rawProbe(target, name, content);
  const disposition = joined(`name="${field}"; filename="`, name, '"');
  return formProbe(target, formWithFilePart(target, filePart(file, disposition)), content);
}

/** A raw body tells its name by a header of its own, and is stored at its path: which name counts is the service's choice. @see RFC 6266 */
function rawProbe(target: Target, name: string | Uint8Array, content: UploadContent): Probe {
  const line = joined('Content-Disposition: attachment; filename="', name, '"');
  const request = withLines(controlRequest(target), Buffer.from(line).toString("latin1"));
  return probeOf({ ...request, content });
}

function splitName(name: string): [extension: string, stem: string] {
  const dot = name.lastIndexOf(".");
  return dot === -1 ? ["", name] : [name.slice(dot), name.slice(0, dot)];
}

/** A name that must be refused, or arrive as one that none of `harms` objects to. */
export function hostileName(
  name: string,
  nameOf: NameOf,
  ...harms: readonly ((name: string) => string | null)[]
): CheckCase {
  return neutralises(name, (target) => namedProbe(target, nameOf), refusedName, nameHarms(...harms));
}

/** A name that is unusual and right: it must pass, with its letters and digits. */
export function honestName(name: string, nameOf: NameOf): CheckCase {
  return accepts(name, (target) => namedProbe(target, nameOf), { appliesTo: readsNames });
}

/** What is stored under its path has its name from there, unless somebody has promised otherwise. */
function readsNames({ protocol, unpromised }: Target): true | string {
  const isHeard = protocol === "multipart" || unpromised?.has("strictness") !== true;
  return isHeard || "a raw body has its name from its path";
}
