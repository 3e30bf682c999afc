/**
 * Cases about PDF: a document that does something, or that can be read in two ways, and the plain page that it is otherwise.
 */
import type { CheckCase, NeutralExpectation, Target } from "./check.ts";
import { type Inside, neutralInside, PDF, refusedInside } from "./content-case.ts";
import { pdfDocument } from "./payloads/pdf-document.ts";

const plain = () => pdfDocument();

/** Applies where the route does not say that it allows active content. */
export function refusesActive({ inspect }: Target): true | string {
  return (
    inspect?.documents?.activeContent !== "allow" ||
    "the route says that it takes documents with active content"
  );
}

/** A document that must be refused, or stored without what makes it active. */
export function neutralPdf(
  name: string,
  file: () => Uint8Array,
  harm: NeutralExpectation["harm"],
  more: Partial<Inside> = {},
): CheckCase {
  return neutralInside(name, PDF, { file, twin: plain, harm, appliesTo: refusesActive, ...more });
}

/** A document that must be refused. */
export function refusedPdf(name: string, file: () => Uint8Array, more: Partial<Inside> = {}): CheckCase {
  return refusedInside(name, PDF, { file, twin: plain, ...more });
}
