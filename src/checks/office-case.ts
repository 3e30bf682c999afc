/**
 * Cases about Office documents (OOXML): one with something active in it, and the plain document of the same type.
 */
import type { CheckCase } from "./check.ts";
import { DOCX, keeps, neutralInside, PPTX, XLSX } from "./content-case.ts";
import { docx, type OfficeParts, pptx, xlsx } from "./payloads/office-files.ts";
import { refusesActive } from "./pdf-case.ts";

const MAKERS: Readonly<Record<string, (parts?: OfficeParts) => Uint8Array>> = {
  [DOCX]: docx,
  [XLSX]: xlsx,
  [PPTX]: pptx,
};

/** The document of a type with these parts. */
export function officeOf(mediaType: string, parts?: OfficeParts): Uint8Array {
  const make = MAKERS[mediaType];
  if (make === undefined) throw new Error(`${mediaType} is no office type`);
  return make(parts);
}

/** A document that must be refused, or stored without what makes it active. `marks` are names of its parts, which a ZIP has in the clear. */
export function neutralOffice(
  name: string,
  mediaType: string,
  parts: OfficeParts,
  what: string,
  ...marks: readonly string[]
): CheckCase {
  return neutralInside(name, mediaType, {
    file: () => officeOf(mediaType, parts),
    twin: () => officeOf(mediaType),
    harm: keeps(what, ...marks),
    appliesTo: refusesActive,
  });
}
