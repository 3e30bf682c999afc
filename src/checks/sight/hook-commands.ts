/**
 * What the operator can do and see, by commands that the flow names: each printed form is read strictly, and a complaint says what was expected.
 *
 * Always holds: what is secret in what a command prints is kept for redaction before anybody else gets it.
 */
import type { FlowVerify } from "../../flows/flow.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import { parseJson } from "../../setup/parse-json.ts";
import type { GrantWish, Hooks, LinkWish, StoredNames } from "../hooks.ts";
import type { Identity } from "../promise.ts";
import { withId } from "./clean-up.ts";
import { type CommandPlace, runCommand } from "./run-command.ts";

type Variables = Readonly<Record<string, string>>;

/** What one command is run with. */
interface Asking {
  readonly variables?: Variables;
  readonly input?: string;
}

const HEADER_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ \t]*[\x20-\x7e\x80-\xff]+$/;

/**
 * @param commands by the name of the hook, as in a flow file: `mint-grant`
 * @param header name of the header for credentials that are printed without one
 */
export function openHooks(commands: FlowVerify["hooks"], place: CommandPlace, header: string | null): Hooks {
  const hooks = new CommandHooks(commands, place, header);
  return {
    ...(hooks.has("issue") ? { issue: () => hooks.issue() } : {}),
    ...(hooks.has("revoke") ? { revoke: (identity: Identity) => hooks.revoke(identity) } : {}),
    ...(hooks.has("log") ? { log: () => hooks.ask("log") } : {}),
    ...(hooks.has("decisions") ? { decisions: () => hooks.ask("decisions") } : {}),
    ...(hooks.has("stored") ? { stored: () => hooks.stored() } : {}),
    ...(hooks.has("record") ? { record: (uploadId: string) => hooks.record(uploadId) } : {}),
    ...(hooks.has("mint-grant") ? { mintGrant: (wish: GrantWish) => hooks.mintGrant(wish) } : {}),
    ...(hooks.has("mint-link") ? { mintLink: (wish: LinkWish) => hooks.mintLink(wish) } : {}),
    ...(hooks.has("readiness") ? { readiness: () => hooks.readiness() } : {}),
  };
}

class CommandHooks {
  readonly #commands: FlowVerify["hooks"];
  readonly #place: CommandPlace;
  readonly #header: string | null;
  readonly #issued = new WeakMap<Identity, readonly string[]>();
  #count = 0;

  constructor(commands: FlowVerify["hooks"], place: CommandPlace, header: string | null) {
    this.#commands = commands;
    this.#place = place;
    this.#header = header;
  }

  has(name: string): boolean {
    return this.#commands.has(name);
  }

  /** What the command of a hook prints. */
  ask(name: string, { variables = {}, input = "" }: Asking = {}): Promise<string> {
    const line = withId(this.#commands.get(name) ?? "", variables.SLUICEGATE_CHECK_UPLOAD ?? "");
    return runCommand(line, this.#place, { what: `the hook ${name}`, variables, input });
  }

  async issue(): Promise<Identity> {
    const lines = this.#headerLines("issue", await this.ask("issue"));
    this.#count += 1;
    const identity: Identity = { name: `issued-${this.#count}`, lines: async () => lines };
    this.#issued.set(identity, lines);
    return identity;
  }

  async revoke(identity: Identity): Promise<void> {
    const lines = this.#issued.get(identity) ?? (await identity.lines());
    const values = lines.map((line) => line.slice(line.indexOf(":") + 1).trim());
    const variables = { SLUICEGATE_CHECK_IDENTITY: values[0] ?? "" };
    await this.ask("revoke", { variables, input: `${lines.join("\n")}\n` });
  }

  async mintGrant(wish: GrantWish): Promise<readonly string[]> {
    return this.#headerLines("mint-grant", await this.ask("mint-grant", wishOf(wish)));
  }

  async mintLink(wish: LinkWish): Promise<string> {
    const printed = await this.ask("mint-link", { ...wishOf(wish, wish.uploadId) });
    const [line = "", ...others] = linesOf(printed);
    const url = URL.canParse(line, this.#origin) ? new URL(line, this.#origin) : null;
    if (others.length > 0 || !/^(https?:\/)?\//.test(line) || url?.origin !== new URL(this.#origin).origin)
      throw this.#unreadable("mint-link", `one path or address of ${this.#origin}`, printed);
    this.#place.secrets.add(url.search);
    return url.pathname + url.search;
  }

  get #origin(): string {
    return this.#place.variables.SLUICEGATE_CHECK_ORIGIN ?? "";
  }

  async record(uploadId: string): Promise<unknown> {
    const printed = await this.ask("record", { variables: { SLUICEGATE_CHECK_UPLOAD: uploadId } });
    const value = parseJson(printed);
    if (value === undefined) throw this.#unreadable("record", "one JSON value", printed);
    return value;
  }

  async stored(): Promise<StoredNames> {
    const printed = await this.ask("stored");
    const stored = namesIn(parseJson(printed)) ?? namesInLines(linesOf(printed));
    if (stored !== null) return stored;
    const expected = 'JSON such as {"temporary":[],"kept":["a"]}, or lines such as "kept a"';
    throw this.#unreadable("stored", expected, printed);
  }

  async readiness(): Promise<{ readonly status: number; readonly text: string }> {
    const printed = await this.ask("readiness");
    const told = readinessIn(parseJson(printed), printed);
    if (told !== null) return told;
    const expected = 'JSON such as {"status":200,"text":"ready"}, or a line such as "200 ready"';
    throw this.#unreadable("readiness", expected, printed);
  }

  /** Header lines; one value alone stands for the header of the credentials. */
  #headerLines(name: string, printed: string): readonly string[] {
    const lines = linesOf(printed);
    const [only] = lines;
    const isValue =
      lines.length === 1 && only !== undefined && !HEADER_LINE.test(only) && this.#header !== null;
    const told = isValue ? [`${this.#header}: ${only}`] : lines;
    this.#place.secrets.addLines(told);
    if (told.length > 0 && told.every((line) => HEADER_LINE.test(line))) return told;
    throw this.#unreadable(name, "header lines such as Authorization: Bearer …, one a line", printed);
  }

  #unreadable(name: string, expected: string, printed: string): GateError {
    const seen = printed.trim() === "" ? "nothing" : quoteSeen(this.#place.secrets.redact(printed.trim()));
    return new GateError("CHECK_COMMAND_OUTPUT", {
      message: `The command of the hook ${name} must print ${expected}; it printed ${seen}.`,
    });
  }
}

function wishOf(wish: GrantWish | LinkWish, uploadId = ""): Asking {
  const text = JSON.stringify(wish);
  return { variables: { SLUICEGATE_CHECK_WISH: text, SLUICEGATE_CHECK_UPLOAD: uploadId }, input: text };
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

function namesIn(value: unknown): StoredNames | null {
  if (typeof value !== "object" || value === null) return null;
  const { temporary = [], kept = [] } = value as Readonly<Record<string, unknown>>;
  const isSaid = "temporary" in value || "kept" in value;
  return isSaid && isTexts(temporary) && isTexts(kept) ? { temporary, kept } : null;
}

function namesInLines(lines: readonly string[]): StoredNames | null {
  const pairs = lines.map((line) => /^(temporary|kept)\s+(.+)$/.exec(line));
  const of = (kind: string) => pairs.flatMap((pair) => (pair?.[1] === kind ? [pair[2] ?? ""] : []));
  return pairs.every((pair) => pair !== null) ? { temporary: of("temporary"), kept: of("kept") } : null;
}

function readinessIn(
  value: unknown,
  printed: string,
): { readonly status: number; readonly text: string } | null {
  if (typeof value === "object" && value !== null && "status" in value && Number.isInteger(value.status)) {
    const text = "text" in value ? value.text : "";
    return { status: Number(value.status), text: typeof text === "string" ? text : JSON.stringify(text) };
  }
  const [, status, text = ""] = /^([1-5]\d\d)(?:\s+([\s\S]*))?$/.exec(printed.trim()) ?? [];
  return status === undefined ? null : { status: Number(status), text };
}
