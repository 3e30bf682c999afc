/**
 * A flow in plain sentences, for somebody who has never seen a flow file.
 *
 * In: a loaded flow. Out: text of several lines. It says what the gate does, from the same table of codes that the answers are made of.
 */
import { formatDuration } from "../setup/duration.ts";
import { listWords } from "../setup/reading.ts";
import { formatSize } from "../setup/size.ts";
import { findFileType } from "../uploads/file-types.ts";
import { asvsSentences } from "./asvs/asvs-sentences.ts";
import { failureSentences } from "./failure-schema.ts";
import type { CallerKind, FieldRule, FileRule, Flow } from "./flow.ts";
import { MODE_MEANINGS } from "./flow-schema.ts";
import { inspectSentences } from "./inspect-schema.ts";
import { measureSentences, watchSentences } from "./measure/measure-sentences.ts";
import { FLOW_MODES } from "./mode-word.ts";
import { permissionSentences } from "./permissions-schema.ts";
import { refusalSentences } from "./refusal-sentences.ts";
import { retrySentences } from "./retry-schema.ts";
import { verifySentences } from "./verify/verify-sentences.ts";

/** Says what the flow means. Lines end without spaces; the text ends without a line break. */
export function explainFlow(flow: Flow): string {
  const sections: [string, string[]][] = [
    ["The route", routeLines(flow)],
    [`The mode is ${flow.mode}`, modeLines(flow)],
    ["Accepted", acceptedLines(flow)],
    [enforced("Who may send, and how much", flow), permissionSentences(flow.permissions)],
    [enforced("When a client sends again", flow), retrySentences(flow)],
    ["What happens to a file", wayLines(flow)],
    [refusedTitle(flow), refusalSentences(flow)],
    ["What the service gets", deliveryLines(flow)],
    ["Expected when all is well", expectLines(flow)],
    [enforced("When something fails", flow), failureSentences(flow)],
    ["Rolling back", rollbackLines(flow)],
    [`What sluicegate check ${flow.name} does`, verifySentences(flow)],
    [`What sluicegate measure ${flow.name} does`, measureSentences(flow)],
    ["Watched beside traffic", watchSentences(flow.watch)],
    ["What of OWASP ASVS 5.0.0, chapter V5, is covered", asvsSentences(flow)],
  ];
  const told = sections.filter(([, lines]) => lines.length > 0);
  return [
    headline(flow),
    ...told.map(([title, lines]) => [title, ...lines.map((line) => `  ${line}`)].join("\n")),
  ].join("\n\n");
}

/** In the other modes nobody is asked and nothing is kept. */
function enforced(title: string, { mode }: Flow): string {
  return mode === "enforce" ? title : `${title}, in mode enforce`;
}

function headline({ name, summary, owner, noticed, policyVersion }: Flow): string {
  const lines = [`${name}: ${summary}`, `${owner} answers for it.`];
  if (noticed !== null) lines.push(`A user notices trouble here: ${noticed}`);
  return [
    ...lines,
    `Policy version ${policyVersion}; it changes with everything in the file but the mode, verify, measure and watch.`,
  ].join("\n");
}

const PROTOCOL_WORDS = {
  multipart: "a form (multipart/form-data)",
  raw: "a raw body, which is the file",
} as const;

function routeLines({ route, upstream }: Flow): string[] {
  const ways = listWords(route.protocols.map((protocol) => PROTOCOL_WORDS[protocol]));
  const parameters = route.path.match(/\{[^}]+\}/g) ?? [];
  const hint =
    parameters.length > 0 ? [`${listWords(parameters, "and")}: any one segment of the path, not empty.`] : [];
  return [`${route.method} ${route.path}, sent as ${ways}, for the upstream "${upstream}".`, ...hint];
}

function modeLines({ mode, name }: Flow): string[] {
  const others = FLOW_MODES.filter((other) => other !== mode);
  return [
    MODE_MEANINGS[mode],
    ...others.map((other) => `sluicegate mode ${name} ${other}: ${lowerFirst(MODE_MEANINGS[other])}`),
  ];
}

function acceptedLines({ files, fields }: Flow): string[] {
  return [
    ...[...files].map(([name, rule]) => `${name}: ${fileSentence(rule)}`),
    ...[...fields].map(([name, rule]) => `${name}: ${fieldSentence(rule)}`),
    "Nothing else.",
  ];
}

function fileSentence(rule: FileRule): string {
  const each = rule.countMax === 1 ? "" : " each";
  return `${countWords("file", rule)}, at most ${formatSize(rule.sizeBytesMax)}${each}, ${typeWords(rule)}.`;
}

function typeWords({ types }: FileRule): string {
  if (types === "any")
    return "of any content: nobody verifies what it is, and its declared type is passed on as declared";
  return listWords(types.map((type) => `${findFileType(type)?.label ?? type} (${type})`));
}

function fieldSentence(rule: FieldRule): string {
  const { lengthCharsMin: min, lengthCharsMax: max } = rule;
  const length = min > 0 ? `${min} to ${max} characters` : `at most ${max} characters, may be empty`;
  return `${countWords("text", rule)}, ${length}.`;
}

function countWords(noun: string, { countMax, optional }: FileRule | FieldRule): string {
  const many = countMax === 1 ? `one ${noun}` : `up to ${countMax} ${noun}s`;
  return `${many}, ${optional ? "may be left out" : "required"}`;
}

function wayLines({ files, inspect, mode }: Flow): string[] {
  if (mode === "off") return ["Nothing: it goes to the service as it comes.", ...promisedLines(inspect)];
  const copy = mode === "observe" ? "A copy of it" : "It";
  const verifies = [...files.values()].some((rule) => rule.types !== "any");
  return [
    `${copy} is counted and hashed (SHA-256) while it arrives, and kept in quarantine where nothing else reads it.`,
    ...(verifies
      ? [
          "Its name, its declared type and its content must all say the same type; the content is walked to its end.",
        ]
      : []),
    "It is not scanned for malware.",
    mode === "observe"
      ? "The verdict is recorded; the copy is thrown away."
      : "Only when it is accepted does it leave quarantine.",
  ];
}

function promisedLines(inspect: Flow["inspect"]): string[] {
  const promised = inspectSentences(inspect);
  return promised.length === 0
    ? []
    : [
        "The service itself promises, and sluicegate check looks into it:",
        ...promised.map((line) => `- ${line}`),
      ];
}

function refusedTitle({ mode }: Flow): string {
  if (mode === "enforce") return "Refused, with status and code";
  if (mode === "observe") return "Would be refused in mode enforce, and is recorded now";
  return "Would be refused in mode enforce";
}

/** Credentials for the gate itself end there, whatever the flow says. */
const CONSUMED_WORDS: Partial<Record<CallerKind, string>> = {
  "api-key": ", but not the key of the gate",
  grant: ", but not the grant",
};

function deliveryLines({ deliver, forwardCredentials, mode, permissions, route }: Flow): string[] {
  const credentials = forwardCredentials
    ? `Authorization and Cookie go on to the service${CONSUMED_WORDS[permissions.caller] ?? ""}.`
    : "Authorization and Cookie are taken out.";
  if (mode !== "enforce") return ["The request as the client sent it, byte for byte."];
  if (deliver === "receipt") {
    return [
      "The same request with a signed receipt in place of each file; it fetches the bytes when it wants them.",
      credentials,
    ];
  }
  const body = route.protocols.includes("multipart")
    ? "An ordinary request with the accepted files in it; a form is written anew by the gate."
    : "An ordinary request with the accepted file as its body.";
  return [body, credentials];
}

/** Durations are in milliseconds in the notes. */
function expectLines({ notes: { expect } }: Flow): string[] {
  if (expect === null) return [];
  const { status, body, p95, "error-rate": errorRate, "database-calls": databaseCalls } = expect;
  return [
    ...(status === undefined ? [] : [`The service answers ${status}.`]),
    ...(body === undefined ? [] : [`Its answer is as ${String(body)} says.`]),
    ...(p95 === undefined ? [] : [`95 of 100 answers take less than ${formatDuration(Number(p95))}.`]),
    ...(errorRate === undefined ? [] : [`At most ${Number(errorRate)} % of the requests fail.`]),
    ...(databaseCalls === undefined
      ? []
      : [`The service makes ${count(Number(databaseCalls), "database call")}.`]),
  ];
}

function rollbackLines({ name, notes: { rollback } }: Flow): string[] {
  const command = rollback?.command ?? `sluicegate mode ${name} observe`;
  return [
    ...(rollback?.note === undefined ? [] : [rollback.note]),
    `The command: ${command}`,
    ...(rollback?.tried === undefined ? [] : [`Last tried on ${rollback.tried}.`]),
  ];
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
