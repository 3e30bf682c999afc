/**
 * `sluicegate checks`: what is looked for, and `sluicegate checks UPL-MP-07`: one check, why it matters, the bytes it sends and what to do about it.
 */
import { CATALOGUE } from "../checks/catalogue.ts";
import { CLASS_TITLES, FLAG_MEANINGS, REMEDY_TITLES } from "../checks/catalogue-page.ts";
import type { Check, CheckCase, Expectation, Target } from "../checks/check.ts";
import { wrapColumns } from "../checks/reports/wrap-columns.ts";
import { KNOWN_CALLERS, OCTETS, PICTURES } from "../checks/sample-targets.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { listWords } from "../setup/reading.ts";
import type { CommandIo } from "./io.ts";
import { alignColumns } from "./table.ts";

export interface ChecksArguments {
  readonly id?: string;
  readonly json?: boolean;
  /** Number of the case whose bytes are shown, from 1. */
  readonly case?: string;
}

const SHOWN_BYTES_MAX = 1200;

/** Exit codes: 0 told, 2 there is no such check. */
export async function checksCommand(args: ChecksArguments, io: CommandIo): Promise<number> {
  if (args.id === undefined) return listChecks(args, io);
  const check = findCheck(args.id);
  if (check === null) {
    const known = CATALOGUE.map(({ id }) => id);
    io.err(
      `There is no check ${args.id}.${didYouMean(args.id.toUpperCase(), known)} \`sluicegate checks\` lists them.`,
    );
    return 2;
  }
  if (args.json === true) io.out(JSON.stringify(asJson(check), null, 2));
  else if (args.case === undefined) for (const line of explainCheck(check)) io.out(line);
  else return showCase(check, args.case, io);
  return 0;
}

function listChecks({ json }: ChecksArguments, io: CommandIo): number {
  if (json === true) {
    io.out(JSON.stringify(CATALOGUE.map(asJson), null, 2));
    return 0;
  }
  for (const [name, checks] of Map.groupBy(CATALOGUE, ({ id }) => id.slice(4, 6))) {
    io.out(`${CLASS_TITLES[name] ?? name}`);
    for (const line of alignColumns(checks.map((each) => [`  ${each.id}`, each.flags.join(""), each.title])))
      io.out(line);
  }
  io.out(
    `\n${CATALOGUE.length} checks. Flags: ${Object.entries(FLAG_MEANINGS)
      .map(([flag, means]) => `${flag} ${means}`)
      .join(" · ")}.`,
  );
  io.out("One of them, with its bytes: sluicegate checks UPL-MP-07");
  return 0;
}

/** `MP-07` and `upl-mp-07` are taken too. */
function findCheck(written: string): Check | null {
  const id = written.toUpperCase();
  return CATALOGUE.find((check) => check.id === id || check.id === `UPL-${id}`) ?? null;
}

function asJson({ id, title, why, standards, flags, topic, remedy, cases, scenarios = [] }: Check) {
  return {
    id,
    title,
    why,
    standards,
    flags,
    topic: topic ?? null,
    remedy: remedy ?? null,
    cases: [...cases, ...scenarios].map(({ name }) => name),
  };
}

function explainCheck(check: Check): string[] {
  const { id, title, why, standards, flags, cases, scenarios = [], remedy } = check;
  const first = cases[0];
  return [
    `${id}  ${title}`,
    "",
    ...wrapColumns(why, 78),
    `See: ${standards.join(", ")}`,
    `Runs: ${flags.map((flag) => FLAG_MEANINGS[flag]).join("; ")}`,
    "",
    `${cases.length + scenarios.length} cases:`,
    ...cases.map((each, index) => `  ${index + 1}. ${each.name}: ${expected(each.expect)}`),
    ...scenarios.map(
      (each, index) => `  ${cases.length + index + 1}. ${each.name}: at most ${each.requestsMax} requests`,
    ),
    ...(first === undefined ? [] : ["", ...bytesOf(first)]),
    ...(remedy === undefined
      ? []
      : (Object.keys(REMEDY_TITLES) as (keyof typeof REMEDY_TITLES)[]).flatMap((name) => [
          "",
          `${REMEDY_TITLES[name]}:`,
          ...wrapColumns(remedy[name], 76).map((line) => `  ${line}`),
        ])),
    ...(cases.length > 1 ? ["", `The bytes of another case: sluicegate checks ${id} --case 2`] : []),
  ];
}

/** What a safe route does, in a phrase. */
function expected(expect: Expectation): string {
  if (expect.outcome === "accepted") return "taken exactly as sent";
  const refused = `refused with ${listWords(expect.statuses.map(String))}`;
  return expect.outcome === "refused" ? refused : `${refused}, or taken without the harm`;
}

function showCase(check: Check, written: string, io: CommandIo): number {
  const number = Number(written);
  const each = check.cases[number - 1];
  if (each !== undefined) {
    for (const line of bytesOf(each)) io.out(line);
    return 0;
  }
  const scenario = check.scenarios?.[number - check.cases.length - 1];
  io.err(
    scenario === undefined
      ? `${check.id} has cases 1 to ${check.cases.length + (check.scenarios?.length ?? 0)}, not ${written}.`
      : `"${scenario.name}" is several requests that depend on the answers: run it, and read its report.`,
  );
  return 2;
}

/** The first bytes of the attack, as they go to a route of the kind that the case is about. */
function bytesOf(each: CheckCase): string[] {
  const target = [PICTURES, OCTETS, KNOWN_CALLERS].find((candidate) => each.appliesTo(candidate) === true);
  if (target === undefined)
    return [`"${each.name}" applies to routes with callers or promises that only a flow can tell.`];
  const { shown, total } = firstBytes(each, target);
  const more = total > shown.length ? [`… ${total - shown.length} bytes more`] : [];
  return [
    `"${each.name}", as sent to ${target.method} ${target.path}:`,
    ...printable(shown).map((line) => `  | ${line}`),
    ...more.map((line) => `  ${line}`),
  ];
}

const COUNTED_BYTES_MAX = 4 * 1024 * 1024;

function firstBytes(each: CheckCase, target: Target): { shown: Buffer; total: number } {
  const kept: Buffer[] = [];
  let total = 0;
  for (const step of each.probe(target).steps()) {
    const bytes =
      step instanceof Uint8Array
        ? step
        : typeof step === "object" && "regardless" in step
          ? step.regardless
          : null;
    if (bytes === null) continue;
    if (total < SHOWN_BYTES_MAX) kept.push(Buffer.from(bytes.subarray(0, SHOWN_BYTES_MAX - total)));
    total += bytes.length;
    if (total > COUNTED_BYTES_MAX) break;
  }
  return { shown: Buffer.concat(kept), total };
}

/** Line ends as line ends where they are CRLF; every other byte that is not printable ASCII as an escape. */
function printable(bytes: Buffer): string[] {
  return bytes
    .toString("latin1")
    .split("\r\n")
    .map((line) =>
      line.replace(/[^\x20-\x7e]|\\/g, (character) =>
        character === "\\" ? "\\\\" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
      ),
    )
    .flatMap((line) => line.match(/.{1,100}/g) ?? [""]);
}
