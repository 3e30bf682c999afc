/**
 * How a command on this machine reaches and may change the gate that runs: its operator address, and a token made at each start. Both are in
 * the data folder, readable by the gate's own user only.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GateError } from "../problems/gate-error.ts";
import type { ListenAddress, Settings } from "./settings.ts";

/** Where the operator's port is, and what lets one change things there. */
export interface OperatorAccess {
  readonly address: ListenAddress;
  readonly token: string;
}

/** The file that says so. */
export const operatorAccessPath = (settings: Settings): string =>
  join(dirname(settings.records.path), "operator.json");

/** Makes a new token and writes down how the gate that starts now is reached. */
export function openOperatorAccess(settings: Settings): OperatorAccess {
  const access = { address: settings.listen.operator, token: randomBytes(24).toString("base64url") };
  const path = operatorAccessPath(settings);
  writeFileSync(`${path}.new`, `${JSON.stringify(access)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return access;
}

/** Reads how the gate of these settings is reached. @throws OPERATOR_UNREACHABLE where none has started */
export function readOperatorAccess(settings: Settings): OperatorAccess {
  try {
    return JSON.parse(readFileSync(operatorAccessPath(settings), "utf8")) as OperatorAccess;
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
