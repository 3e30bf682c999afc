/**
 * The token that changing a running gate needs: made at each start, in the data folder, readable by the gate's own user only.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GateError } from "../problems/gate-error.ts";
import type { Settings } from "../settings/settings.ts";

const tokenPath = (settings: Settings): string => join(dirname(settings.records.path), "operator-token");

/** Makes a new token and writes it where commands on this machine find it. */
export function makeOperatorToken(settings: Settings): string {
  const token = randomBytes(24).toString("base64url");
  const path = tokenPath(settings);
  writeFileSync(`${path}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return token;
}

/** Reads the token of the gate that runs with these settings. @throws OPERATOR_UNREACHABLE where none has started */
export function readOperatorToken(settings: Settings): string {
  try {
    return readFileSync(tokenPath(settings), "utf8").trim();
  } catch (cause) {
    throw new GateError("OPERATOR_UNREACHABLE", {
      message: "No gate has been started with these settings yet.",
      cause,
    });
  }
}

/** Compares in constant time. */
export function isSameToken(given: string, token: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  return a.length === b.length && timingSafeEqual(a, b);
}
