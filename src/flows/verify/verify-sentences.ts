/**
 * What `sluicegate check` will do with a flow, in sentences.
 */
import { relative } from "node:path";
import { listWords } from "../../setup/reading.ts";
import type { Flow, FlowVerify, SecretSource } from "../flow.ts";

/** What is sent, as whom, and how it is looked at afterwards. */
export function verifySentences({ verify, folder, files }: Flow): string[] {
  if (verify === null) {
    return [
      "Nothing is written about it: it takes samples from samples/, sends as nobody whom a flow names, and sees of what is stored only what the gate itself knows.",
    ];
  }
  return [
    ...sampleSentences(verify, folder, [...files.keys()]),
    ...requestSentences(verify),
    credentialSentence(verify),
    readBackSentence(verify),
    cleanupSentence(verify),
    ...operatorSentences(verify),
    ...manualSentences(verify),
  ];
}

function sampleSentences(
  { samples, fields }: FlowVerify,
  folder: string,
  names: readonly string[],
): string[] {
  const made = names.filter((name) => !samples.has(name));
  return [
    ...[...samples].map(([name, file]) => `It sends ${relative(folder, file)} as ${name}.`),
    ...(made.length === 0
      ? []
      : [`For ${listWords(made, "and")} it takes the first file of samples/ that fits, or makes one.`]),
    ...(fields.size === 0 ? [] : [`It fills in ${listWords([...fields.keys()], "and")}.`]),
  ];
}

function requestSentences({ path, headers }: FlowVerify): string[] {
  const segments = [...path].map(([name, value]) => `{${name}} is ${value}`);
  return [
    ...(segments.length === 0 ? [] : [`In the path ${listWords(segments, "and")}.`]),
    ...headers.map((line) => `Every request has the header ${line}`),
  ];
}

const SOURCE_WORDS = { env: "the environment variable", file: "the file", command: "the command" } as const;

function sourceWords(source: SecretSource): string {
  const colon = source.indexOf(":");
  const kind = source.slice(0, colon) as keyof typeof SOURCE_WORDS;
  return `${SOURCE_WORDS[kind]} ${source.slice(colon + 1)}`;
}

function credentialSentence({ credentials }: FlowVerify): string {
  if (credentials === null) return "It sends without credentials.";
  const { header, main, other, readOnly, expired, forged } = credentials;
  const others = [
    ...(other === null ? [] : ["somebody else"]),
    ...(readOnly === null ? [] : ["somebody who may not upload"]),
    ...(expired === null ? [] : ["somebody whose time is over"]),
    forged === null ? "that credential with one character changed" : "a forged credential",
  ];
  return `It sends with the header ${header}, whose value comes from ${sourceWords(main)}. It also tries ${listWords(others, "and")}.`;
}

function readBackSentence({ readBack }: FlowVerify): string {
  const { url, state, list, command } = readBack;
  const ways = [
    ...(url === null ? [] : [`gets the stored bytes again at ${url}`]),
    ...(state === null ? [] : [`asks for the state at ${state.path}`]),
    ...(list === null ? [] : [`lists what is stored at ${list}`]),
    ...(command === null ? [] : [`runs ${command}`]),
  ];
  return ways.length === 0
    ? "Of what was stored it sees only what the gate itself knows: of a service alone it cannot tell whether what was refused is stored all the same."
    : `To see what was stored it ${listWords(ways, "and")}.`;
}

function cleanupSentence({ cleanup }: FlowVerify): string {
  if (cleanup === null) return "What it has stored stays there, and is listed at the end.";
  return "command" in cleanup
    ? `What it has stored is removed by ${cleanup.command}`
    : `What it has stored is removed with ${cleanup.method} ${cleanup.path}.`;
}

function operatorSentences({ hooks, faults, behind, pageOrigin, requestIdHeader }: FlowVerify): string[] {
  return [
    ...(hooks.size === 0 ? [] : [`The operator's commands: ${listWords([...hooks.keys()], "and")}.`]),
    ...(faults.size === 0 ? [] : [`Faults that it may make: ${listWords([...faults.keys()], "and")}.`]),
    ...(behind === null ? [] : [`It tries to reach the service behind at ${behind} past the front.`]),
    ...(pageOrigin === null ? [] : [`Pages of ${pageOrigin} may send here with credentials.`]),
    ...(requestIdHeader === null ? [] : [`A request is found again by its header ${requestIdHeader}.`]),
  ];
}

function manualSentences({ manual }: FlowVerify): string[] {
  return manual.map(({ check, result, who, when, note }) => {
    const found = result === "pass" ? "it holds" : "it does not hold";
    return `${check} was looked at by ${who} on ${when}: ${found}. ${note}`;
  });
}
