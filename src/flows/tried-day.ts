/**
 * The day on which a flow's way back was last tried, `rollback.tried`: where it stands in flow.yaml, and how it is written there.
 *
 * Always holds: nothing but that day changes, comments and spacing around it stay, and the flow's policy version with it.
 */
import { isDeepStrictEqual } from "node:util";
import { GateError } from "../problems/gate-error.ts";
import { formatSetupProblem } from "../problems/setup-problem.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import { groupIn, type WrittenGroup } from "../setup/written-group.ts";
import { readYaml, type YamlSource } from "../setup/yaml-source.ts";
import { applyEdits, type Edit, linesAround } from "./apply-edits.ts";
import { replaceFile } from "./replace-file.ts";

const GROUP = "rollback";
const KEY = "tried";

/**
 * What was added to the file by writing the day: its whole line, or what stands between braces. Offsets in UTF-16 units.
 * @returns none where no day is written
 */
export function findTriedDay(source: YamlSource, text: string): { start: number; end: number }[] {
  const day = source.scalars.find(({ path }) => path.length === 2 && path[0] === GROUP && path[1] === KEY);
  if (day === undefined) return [];
  const key = source.placeOfKey([GROUP, KEY]).offset;
  const line = linesAround(text, key, day.end);
  const isAlone =
    text.slice(line.start, key).trim() === "" && /^\s*(#.*)?$/.test(text.slice(day.end, line.end).trimEnd());
  if (isAlone) return [line];
  const before = siblings(source).findLast(({ end }) => end <= key);
  if (before !== undefined) return [{ start: before.end, end: day.end }];
  const next = siblings(source).find(({ start }) => start > day.end);
  return [{ start: key, end: next?.keyStart ?? day.end }];
}

interface Sibling {
  readonly keyStart: number;
  readonly start: number;
  readonly end: number;
}

/** The other keys of the group, in the order of the file. */
function siblings(source: YamlSource): Sibling[] {
  return source.scalars
    .filter(({ path }) => path.length === 2 && path[0] === GROUP && path[1] !== KEY)
    .map(({ path, start, end }) => ({ keyStart: source.placeOfKey(path).offset, start, end }));
}

/**
 * Writes the day into a flow's file.
 * @param day   as `2026-11-22`
 * @throws GateError FLOW_INVALID where the file cannot be read or written, has no group `rollback`, or is written so that the day cannot be put in
 */
export async function changeTriedDay(file: string, day: string): Promise<void> {
  const written = await readWrittenFile(file, "FLOW_INVALID");
  if (!written.ok) throw invalid(written.problems.map(formatSetupProblem).join("\n"));
  const changed = withTriedDay(written.text, file, day);
  if (changed === written.text) return;
  try {
    await replaceFile(file, Buffer.from(changed));
  } catch (cause) {
    throw invalid(`${file} cannot be changed (${(cause as NodeJS.ErrnoException).code ?? "unknown error"}).`);
  }
}

function withTriedDay(text: string, file: string, day: string): string {
  const source = readYaml(text, file, "FLOW_INVALID");
  if (source.problems.length > 0) throw invalid(source.problems.map(formatSetupProblem).join("\n"));
  const group = groupIn(source.value)[GROUP];
  if (typeof group !== "object" || group === null || Array.isArray(group))
    throw invalid(`${file} has no group "rollback", so there is no place for the day on which it was tried.`);
  const changed = applyEdits(text, [editFor(source, text, day)]);
  if (!isSameBut(day, source, readYaml(changed, file, "FLOW_INVALID")))
    throw invalid(
      `${file} is written so that the day could not be put in; write tried: ${day} below rollback.`,
    );
  return changed;
}

function editFor(source: YamlSource, text: string, day: string): Edit {
  const old = source.scalars.find(({ path }) => path.length === 2 && path[0] === GROUP && path[1] === KEY);
  if (old !== undefined) {
    const isEmpty = text[old.start - 1] === ":";
    return { start: old.start, end: old.end, by: isEmpty ? ` ${day}` : day };
  }
  const open = source.placeOfValue([GROUP]).offset;
  return text[open] === "{"
    ? inBraces(siblings(source), open, day)
    : onItsOwnLine(siblings(source), text, day);
}

function inBraces(others: readonly Sibling[], open: number, day: string): Edit {
  const last = others.at(-1);
  const at = last?.end ?? open + 1;
  return { start: at, end: at, by: last === undefined ? ` ${KEY}: ${day} ` : `, ${KEY}: ${day}` };
}

/** After the last line of the group; where that is not plain to see, as with text over several lines, before the first. */
function onItsOwnLine(others: readonly Sibling[], text: string, day: string): Edit {
  const [first, last] = [others[0], others.at(-1)];
  if (first === undefined || last === undefined)
    throw invalid("The group rollback is empty; write a command.");
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const indent = text.slice(linesAround(text, first.keyStart, first.keyStart).start, first.keyStart);
  const lines = linesAround(text, last.keyStart, last.end);
  const isOneLine = text.slice(lines.start, lines.end).indexOf("\n") === lines.end - lines.start - 1;
  if (isOneLine) return { start: lines.end, end: lines.end, by: `${indent}${KEY}: ${day}${newline}` };
  return { start: first.keyStart, end: first.keyStart, by: `${KEY}: ${day}${newline}${indent}` };
}

function isSameBut(day: string, before: YamlSource, after: YamlSource): boolean {
  if (after.problems.length > 0) return false;
  const withDay = (value: unknown): WrittenGroup => {
    const whole = groupIn(value);
    return { ...whole, [GROUP]: { ...groupIn(whole[GROUP]), [KEY]: day } };
  };
  return isDeepStrictEqual(withDay(before.value), { ...groupIn(after.value) });
}

function invalid(message: string): GateError {
  return new GateError("FLOW_INVALID", { message });
}
