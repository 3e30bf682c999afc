/**
 * What the service runs, as it says itself: by a path, a command, or headers of its answers, all named by the flow.
 *
 * Always holds: of what is told, short plain values are kept, few of them; what was named and does not tell is `null`.
 */
import { type Answer, headerOf } from "../../checks/answer-reader.ts";
import { KeptSecrets } from "../../checks/sight/kept-secrets.ts";
import { runCommand } from "../../checks/sight/run-command.ts";
import { ask } from "../../checks/targets/ask.ts";
import { GateError } from "../../problems/gate-error.ts";
import { parseJson } from "../../setup/parse-json.ts";
import { isGroup } from "../../setup/written-group.ts";
import type { FingerprintInput } from "./take-fingerprint.ts";

type ServiceFacts = Readonly<Record<string, string | null>>;

const VALUE_CHARS_MAX = 200;
const KEYS_MAX = 40;
const DEPTH_MAX = 3;
const COMMAND_MS = 20_000;

/** Keys `service.…`, and keys of the groups that a service may tell of itself. */
export async function serviceFacts(input: FingerprintInput): Promise<ServiceFacts> {
  const { path, command } = input.flow.measure.fingerprint;
  const told = path === null ? null : await askedAnswer(input, path);
  const ofPath = path === null ? {} : factsIn(told === null ? null : Buffer.from(told.body).toString());
  const ofCommand = command === null ? {} : factsIn(await printed(input, command));
  return { ...ofPath, ...ofCommand, ...headerFacts(input, input.answer ?? told) };
}

async function askedAnswer(
  { origin, askingLines, tls }: FingerprintInput,
  path: string,
): Promise<Answer | null> {
  const answer = await ask({ origin, headers: await askingLines() }, path, tls);
  return answer?.status === 200 ? answer : null;
}

async function printed({ flow, origin }: FingerprintInput, line: string): Promise<string | null> {
  const variables = { SLUICEGATE_CHECK_ORIGIN: origin, SLUICEGATE_CHECK_FLOW: flow.name };
  const place = { folder: flow.folder, variables, secrets: new KeptSecrets() };
  try {
    return await runCommand(line, place, { what: "the fingerprint", deadlineMs: COMMAND_MS });
  } catch (error) {
    if (error instanceof GateError) return null;
    throw error;
  }
}

function headerFacts({ flow }: FingerprintInput, answer: Answer | null): ServiceFacts {
  const { headers } = flow.measure.fingerprint;
  const { versionHeader } = flow.watch;
  const read = (name: string): string | null =>
    (answer === null ? null : headerOf(answer, name))?.slice(0, VALUE_CHARS_MAX) ?? null;
  return {
    ...Object.fromEntries(headers.map((name) => [`service.${name}`, read(name)])),
    ...(versionHeader === null ? {} : { "service.version": read(versionHeader) }),
  };
}

/** Groups of keys that a service may tell of itself by their own names: it knows its commit better than the folder that the flow lies in. */
const OWN_GROUP = /^(?:git|env|cache|runtime|data|lockfile|service)\../;

/** JSON gives a key for each of its values, anything else is the version. */
function factsIn(text: string | null): ServiceFacts {
  if (text === null) return { "service.version": null };
  const value = parseJson(text);
  if (!isGroup(value))
    return { "service.version": oneLine(value === undefined ? text : JSON.stringify(value)) };
  const told = flattened(value, "", 0).slice(0, KEYS_MAX);
  return Object.fromEntries(
    told.map(([name, each]) => [OWN_GROUP.test(name) ? name : `service.${name}`, each]),
  );
}

function flattened(value: Readonly<Record<string, unknown>>, at: string, depth: number): [string, string][] {
  return Object.entries(value).flatMap(([name, member]): [string, string][] => {
    const key = `${at}${oneLine(name)}`;
    if (isGroup(member) && depth < DEPTH_MAX) return flattened(member, `${key}.`, depth + 1);
    return [[key, oneLine(typeof member === "string" ? member : JSON.stringify(member))]];
  });
}

const oneLine = (text: string): string => text.trim().replace(/\s+/g, " ").slice(0, VALUE_CHARS_MAX);
