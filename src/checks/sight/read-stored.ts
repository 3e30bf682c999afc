/**
 * Reads one stored upload by the id that the answer told: its bytes at a URL, or what its state says of it.
 */

import type { FlowVerify, VerifyReadBack } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { readContentDisposition } from "../../protocols/content-disposition.ts";
import { parseJson } from "../../setup/parse-json.ts";
import type { ReceivedFile } from "../check.ts";
import { pathOf, pointedAt } from "../define-scenario.ts";
import type { SightAnswer, SightClient } from "./sight-client.ts";

/**
 * What is at a place. `absent`: the target says that there is nothing. `unknown`: it cannot be told, for whatever reason.
 */
export type StoredReading =
  | { readonly kind: "file"; readonly file: ReceivedFile }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" };

const UNKNOWN: StoredReading = { kind: "unknown" };
/** An answer may come before what it answers is stored: asked again after so long each. */
const AGAIN_AFTER_MS: readonly number[] = [100, 300, 600, 1000];
const NOT_YET: ReadonlySet<number> = new Set([202, 404, 409, 425, 503]);

/** A path of the flow with its own names filled in, `{id}` left as it is. */
export function filledPath(template: string, verify: Pick<FlowVerify, "path">): string {
  return template.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const value = verify.path.get(name);
    return name === "id" || value === undefined ? whole : encodeURIComponent(value);
  });
}

/** The bytes at a URL, hashed as they come. @param url path or address with the id in it */
export async function readFileAt(client: SightClient, url: string): Promise<StoredReading> {
  const answer = await askUntilThere(client, url);
  if (answer === null) return UNKNOWN;
  if (answer.status === 404 || answer.status === 410) return { kind: "absent" };
  if (answer.status !== 200 || !answer.isWhole) return UNKNOWN;
  return { kind: "file", file: fileOf(answer) };
}

function fileOf({ headers, bytes, sizeBytes, sha256 }: SightAnswer): ReceivedFile {
  const mediaType = headers["content-type"] ?? null;
  const name = nameIn(headers["content-disposition"]);
  const kept = bytes.length === sizeBytes ? { bytes } : {};
  return { field: null, name, mediaType, sizeBytes, sha256, ...kept };
}

/** A value that has more than one reading tells no name. The error never leaves. */
function nameIn(disposition: string | undefined): string | null {
  if (disposition === undefined) return null;
  try {
    return readContentDisposition(disposition, true, () => new GateError("CHECK_COMMAND_OUTPUT")).fileName;
  } catch (error) {
    if (error instanceof GateError) return null;
    throw error;
  }
}

/** What the state of an upload says. It needs the digest, or a size that is not the one that was sent. */
export async function readStateOf(
  client: SightClient,
  state: NonNullable<VerifyReadBack["state"]>,
  path: string,
  id: string,
): Promise<StoredReading> {
  const answer = await askUntilThere(client, pathOf(path, id));
  if (answer === null) return UNKNOWN;
  if (answer.status === 404 || answer.status === 410) return { kind: "absent" };
  const told = answer.status === 200 && answer.isWhole ? jsonOf(answer) : null;
  const sha256 = state.sha256 === null ? null : pointedAt(told, state.sha256);
  const size = state.size === null ? null : pointedAt(told, state.size);
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/i.test(sha256)) return UNKNOWN;
  const sizeBytes = typeof size === "number" ? size : 0;
  return {
    kind: "file",
    file: { field: null, name: null, mediaType: null, sizeBytes, sha256: sha256.toLowerCase() },
  };
}

const jsonOf = ({ bytes }: SightAnswer): unknown => parseJson(bytes.toString()) ?? null;

async function askUntilThere(client: SightClient, target: string): Promise<SightAnswer | null> {
  for (const waitMs of AGAIN_AFTER_MS) {
    const answer = await client.get(target);
    if (answer === null || !NOT_YET.has(answer.status)) return answer;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return client.get(target);
}
