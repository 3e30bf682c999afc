import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FAULT_NAMES,
  HOOK_NAMES,
  type VerifyFaultName,
  type VerifyHookName,
} from "../flows/verify/hook-names.ts";
import type { FaultName, HookName } from "./hooks.ts";

/** A hook or fault that is missing here, or too many, does not compile. A `callback` is a listener of the run itself, and no command. */
const HOOKS: Readonly<Record<Exclude<HookName, "faults" | "callback">, VerifyHookName>> = {
  issue: "issue",
  revoke: "revoke",
  log: "log",
  decisions: "decisions",
  stored: "stored",
  record: "record",
  mintGrant: "mint-grant",
  mintLink: "mint-link",
  readiness: "readiness",
};
const FAULTS: Readonly<Record<FaultName, VerifyFaultName>> & Readonly<Record<VerifyFaultName, FaultName>> = {
  "service-down": "service-down",
  "service-silent": "service-silent",
  "service-500": "service-500",
  "service-resets": "service-resets",
  "service-rubbish": "service-rubbish",
  "storage-full": "storage-full",
  "storage-read-only": "storage-read-only",
  "records-locked": "records-locked",
  "policy-broken": "policy-broken",
  "policy-empty": "policy-empty",
  crash: "crash",
};

test("a flow file can name each hook and each fault that checks ask for, and no others", () => {
  assert.deepEqual(Object.values(HOOKS).sort(), [...HOOK_NAMES].sort());
  for (const [name, written] of Object.entries(HOOKS))
    assert.equal(written, name.replace(/[A-Z]/g, "-$&").toLowerCase());
  assert.deepEqual(Object.keys(FAULTS).sort(), [...FAULT_NAMES].sort());
  for (const [name, written] of Object.entries(FAULTS)) assert.equal(written, name);
});
