/**
 * Whether a host may be checked: one's own machine always; another only where somebody has allowed it here and can put a file there.
 *
 * Always holds: before a host has proved control, exactly one GET goes to it. Redirects are not followed. Names are looked up anew after the proof.
 */
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { readFile, writeFile } from "node:fs/promises";
import { BlockList, isIP } from "node:net";
import type { TlsTrust } from "../open-connection.ts";
import { askOrThrow, bodyText } from "./ask.ts";
import { connectionTrouble } from "./connection-trouble.ts";

export interface HostSafetyInput {
  /** `http://host:port`. */
  readonly origin: string;
  /** Host names and addresses that the caller has allowed, without port. */
  readonly allowHosts: readonly string[];
  /** File that keeps the token; made, readable by its owner only, when it is first needed. Its folder must be there. */
  readonly tokenFile: string;
  readonly tls?: TlsTrust;
  /** Addresses of a name; default: the system's resolver. */
  readonly addressesOf?: (hostname: string) => Promise<readonly string[]>;
}

/**
 * `sentence` says what to put where. `addresses` are those that the name stood for. `unknown`: no machine has the name, so nothing could be sent in any
 * case; `not-allowed`: nobody here has allowed it; `not-proved`: the host does not show the token.
 */
export type HostSafety =
  | { readonly isSafe: true; readonly addresses: readonly string[] }
  | {
      readonly isSafe: false;
      readonly why: "unknown" | "not-allowed" | "not-proved";
      readonly sentence: string;
    };

/** Where a host shows that it may be checked. @see RFC 8615 */
export const PROOF_PATH = "/.well-known/sluicegate-check";

const TOKEN = /^[0-9a-f]{32}$/;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether it may be checked, and what to do where it may not. */
export async function checkHost(input: HostSafetyInput): Promise<HostSafety> {
  const { origin, allowHosts } = input;
  const hostname = new URL(origin).hostname.replace(/^\[|\]$/g, "");
  const addresses = await addressesOf(input, hostname);
  if (addresses === null)
    return refusedWith("unknown", `There is no machine called ${hostname}: correct the name.`);
  if (isOwnName(hostname) && addresses.every(isLoopback)) return { isSafe: true, addresses };
  if (!allowHosts.some((each) => each.toLowerCase() === hostname.toLowerCase()))
    return refusedWith("not-allowed", await notAllowed(input, hostname, addresses));
  const token = await readToken(input.tokenFile);
  const trouble = await proofTrouble(input, token);
  if (trouble !== null) return refusedWith("not-proved", `${trouble} ${whatToPut(origin, token)}`);
  const after = (await addressesOf(input, hostname)) ?? [];
  const isSame = after.some((each) => addresses.includes(each));
  return isSame ? { isSafe: true, addresses: after } : refusedWith("not-proved", movedSentence(hostname));
}

type Refused = Extract<HostSafety, { readonly isSafe: false }>;

const refusedWith = (why: Refused["why"], sentence: string): Refused => ({ isSafe: false, why, sentence });

const movedSentence = (hostname: string): string =>
  `The name ${hostname} stood for another machine after the proof than before it: nothing was sent.`;

/** Names that stand for this machine by definition. @see RFC 6761 section 6.3 */
function isOwnName(hostname: string): boolean {
  return isIP(hostname) !== 0 || /(^|\.)localhost\.?$/i.test(hostname);
}

/** @param address IPv4 or IPv6; an IPv4 address in IPv6 form counts as what it is */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return LOOPBACK.check(address, family === 6 ? "ipv6" : "ipv4");
}

async function addressesOf(input: HostSafetyInput, hostname: string): Promise<readonly string[] | null> {
  if (isIP(hostname) !== 0) return [hostname];
  try {
    const addresses = await (input.addressesOf ?? resolved)(hostname);
    return addresses.length === 0 ? null : addresses;
  } catch {
    return null;
  }
}

async function resolved(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

async function notAllowed(
  { origin, tokenFile }: HostSafetyInput,
  hostname: string,
  addresses: readonly string[],
): Promise<string> {
  const where = addresses.includes(hostname) ? "" : ` (${addresses.join(", ")})`;
  const token = await readToken(tokenFile);
  return `${hostname}${where} is not this machine, and what is sent to it could harm it: attacks, loads, failures made on purpose. If it is yours, say --allow-host ${hostname}. ${whatToPut(origin, token)}`;
}

function whatToPut(origin: string, token: string): string {
  return `To show that it is yours, have ${origin}${PROOF_PATH} answer 200 with the text ${token}, without a redirect.`;
}

/** What is wrong with the proof, or `null`. */
async function proofTrouble({ origin, tls }: HostSafetyInput, token: string): Promise<string | null> {
  try {
    const answer = await askOrThrow({ origin, headers: [] }, PROOF_PATH, tls);
    if (answer === null) return `${origin}${PROOF_PATH} gives no answer.`;
    if (answer.status !== 200) return `${origin}${PROOF_PATH} answers ${answer.status}.`;
    return bodyText(answer).includes(token) ? null : `${origin}${PROOF_PATH} answers 200 with another text.`;
  } catch (error) {
    return connectionTrouble(origin, error).sentence;
  }
}

/** The token of this caller: the same each time, so that colleagues who share the file can repeat a run. */
async function readToken(file: string): Promise<string> {
  const token = await tokenIn(file);
  if (token !== null) return token;
  try {
    await writeFile(file, `${randomBytes(16).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const made = await tokenIn(file);
  if (made === null) throw new Error(`${file} holds no token: remove it, and a new one is made`);
  return made;
}

async function tokenIn(file: string): Promise<string | null> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    return TOKEN.test(text) ? text : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
