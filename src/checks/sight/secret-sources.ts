/**
 * The values that a flow names and never writes: `env:NAME`, `file:PATH`, `command:LINE`.
 *
 * Always holds: every value that was read is kept for redaction before anybody gets it; no value is in an error.
 */
import { readFile } from "node:fs/promises";
import type { SecretSource } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { type CommandPlace, runCommand } from "./run-command.ts";

/** Bytes that a header's value may have; RFC 9110 section 5.5. */
const FIELD_VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

export class SecretSources {
  readonly #place: CommandPlace;
  readonly #fixed = new Map<string, Promise<string>>();

  constructor(place: CommandPlace) {
    this.#place = place;
  }

  /** Whether the value stays the same for the whole run. */
  static isFixed(source: SecretSource): boolean {
    return !source.startsWith("command:");
  }

  /** The value; that of a command is asked for anew each time. @throws CHECK_CREDENTIAL_MISSING, CHECK_COMMAND_FAILED */
  value(source: SecretSource): Promise<string> {
    if (!SecretSources.isFixed(source)) return this.#read(source);
    const known = this.#fixed.get(source) ?? this.#read(source);
    this.#fixed.set(source, known);
    return known;
  }

  async #read(source: SecretSource): Promise<string> {
    const value = await this.#textOf(source);
    if (value === "") throw missing(source, "it is empty");
    if (!FIELD_VALUE.test(value)) throw missing(source, "it has characters that no header may have");
    this.#place.secrets.add(value);
    return value;
  }

  async #textOf(source: SecretSource): Promise<string> {
    const colon = source.indexOf(":");
    const named = source.slice(colon + 1);
    if (source.startsWith("env:")) return fromEnvironment(named);
    if (source.startsWith("file:")) return firstLine(await fromFile(named));
    return onlyLine(source, await runCommand(named, this.#place, { what: "a credential" }));
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new GateError("CHECK_CREDENTIAL_MISSING", {
      message: `The environment variable ${name} is not set; the flow takes a credential from it.`,
    });
  return value.trim();
}

async function fromFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new GateError("CHECK_CREDENTIAL_MISSING", {
      message: `The file ${path}, which the flow takes a credential from, cannot be read.`,
      cause,
    });
  }
}

const firstLine = (text: string): string => text.split("\n")[0]?.trim() ?? "";

function onlyLine(source: string, text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > 1) throw missing(source, `it prints ${lines.length} lines, expected one`);
  return lines[0]?.trim() ?? "";
}

function missing(source: string, why: string): GateError {
  return new GateError("CHECK_CREDENTIAL_MISSING", {
    message: `The credential ${source} cannot be used: ${why}.`,
  });
}
