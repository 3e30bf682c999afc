/**
 * Says that something was deployed, so that what is different afterwards can be seen: a mark in the history, and an entry in the audit.
 */
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { ConsoleSources } from "../console-sources.ts";
import type { Person } from "../http/console-access.ts";
import { optionalText, textMember } from "../http/read-body.ts";

const VERSION_CHARS_MAX = 64;
const NOTE_CHARS_MAX = 200;
const BY_CHARS_MAX = 64;

/**
 * @param body `{version, flow?, note?, by?}`
 * @returns what was noted, in a sentence
 * @throws CONSOLE_REQUEST_INVALID, CONSOLE_UNKNOWN for a flow that is not in force, RECORDS_UNAVAILABLE
 */
export async function markDeployment(
  { gate, marks, now }: ConsoleSources,
  body: Readonly<Record<string, unknown>>,
  person: Person,
): Promise<string> {
  const version = textMember(body, "version", VERSION_CHARS_MAX);
  const note = optionalText(body, "note", NOTE_CHARS_MAX);
  const by = optionalText(body, "by", BY_CHARS_MAX);
  const flow = optionalText(body, "flow", VERSION_CHARS_MAX);
  if (flow !== null && !gate.flows.flows.some(({ name }) => name === flow))
    throw new GateError("CONSOLE_UNKNOWN", {
      message: "There is no such flow.",
      expected: gate.flows.flows.map(({ name }) => name).join(", "),
      seen: quoteSeen(flow),
    });
  const atMs = now();
  await gate.records.note({
    audit: [
      {
        atMs,
        event: "deployment-marked",
        flow,
        policyVersion: null,
        uploadId: null,
        principal: null,
        requestId: null,
        rule: person,
        detail: { version, note, by },
      },
    ],
  });
  marks.mark({ atMs, kind: "deploy", flow, version, previous: null, note, by });
  await marks.flush();
  const of = flow === null ? "all flows" : flow;
  return `Noted: version ${version} is deployed, for ${of}. In an hour of traffic it shows whether anything went differently since.`;
}
