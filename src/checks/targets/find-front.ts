/**
 * Whether a Sluicegate gate is in front of a route: told by its own pages, and by what it adds to the answer of an upload.
 */
import { type Answer, headerOf } from "../answer-reader.ts";
import { bodyText } from "./ask.ts";

/** A page that every gate has, and nobody else. */
export const GATE_PAGE = "/.sluicegate/errors/ROUTE_UNKNOWN";

/** @param answer to a GET of `GATE_PAGE` */
export function isGatePage(answer: Answer | null): boolean {
  return answer?.status === 200 && bodyText(answer).startsWith("ROUTE_UNKNOWN (");
}

/** Whether the gate has handled the upload that this answers: an id of 26 characters. */
export function isFromGate(answer: Answer | null): boolean {
  return answer !== null && /^[0-9a-z]{26}$/.test(headerOf(answer, "sluicegate-upload") ?? "");
}
