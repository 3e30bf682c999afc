import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { GateError } from "../../problems/gate-error.ts";
import type { Hooks } from "../hooks.ts";
import { openHooks } from "./hook-commands.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import { runCommand } from "./run-command.ts";

const ORIGIN = "http://127.0.0.1:9";

let folder: string;
let secrets: KeptSecrets;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sight-"));
  secrets = new KeptSecrets();
});

afterEach(() => rm(folder, { recursive: true }));

function hooksOf(commands: Readonly<Record<string, string>>): Required<Hooks> {
  const variables = { SLUICEGATE_CHECK_RUN: "run-1", SLUICEGATE_CHECK_ORIGIN: ORIGIN };
  const hooks = openHooks(new Map(Object.entries(commands)), { folder, variables, secrets }, "Authorization");
  return hooks as Required<Hooks>;
}

test("there are hooks only for the commands that the flow has", () => {
  assert.deepEqual(Object.keys(hooksOf({ log: "true", "mint-link": "true" })), ["log", "mintLink"]);
});

test("the log is what is printed, in the folder of the flow", async () => {
  await writeFile(join(folder, "service.log"), "one\ntwo\n");
  assert.equal(await hooksOf({ log: "cat service.log" }).log(), "one\ntwo\n");
});

describe("a new identity", () => {
  test("has the header lines that are printed, and is given back when it is revoked", async () => {
    const hooks = hooksOf({
      issue: "echo X-API-Key: key-of-$SLUICEGATE_CHECK_RUN; echo X-Tenant: one",
      revoke: 'cat > revoked; echo "$SLUICEGATE_CHECK_IDENTITY" >> revoked',
    });
    const identity = await hooks.issue();
    assert.deepEqual(await identity.lines(), ["X-API-Key: key-of-run-1", "X-Tenant: one"]);
    await hooks.revoke(identity);
    const given = await readFile(join(folder, "revoked"), "utf8");
    assert.equal(given, "X-API-Key: key-of-run-1\nX-Tenant: one\nkey-of-run-1\n");
    assert.ok(secrets.all().includes("key-of-run-1"));
  });

  test("has a value alone in the header of the credentials", async () => {
    const identity = await hooksOf({ issue: "echo Bearer abcdef" }).issue();
    assert.deepEqual(await identity.lines(), ["Authorization: Bearer abcdef"]);
  });
});

test("what lies on the disks is told as JSON or in lines", async () => {
  const told = { temporary: ["a b"], kept: ["c"] };
  assert.deepEqual(await hooksOf({ stored: `echo '${JSON.stringify(told)}'` }).stored(), told);
  assert.deepEqual(await hooksOf({ stored: "echo temporary a b; echo kept c" }).stored(), told);
  assert.deepEqual(await hooksOf({ stored: "true" }).stored(), { temporary: [], kept: [] });
});

test("a record is asked for by the id of the upload", async () => {
  const commands = ['echo \'{"id":"{id}"}\'', 'printf \'{"id":"%s"}\' "$SLUICEGATE_CHECK_UPLOAD"'];
  for (const record of commands) assert.deepEqual(await hooksOf({ record }).record("u-1"), { id: "u-1" });
});

test("a permission is minted for what is wished", async () => {
  for (const mint of [
    "echo Authorization: Bearer of-$(cat)",
    'echo "Authorization: Bearer of-$SLUICEGATE_CHECK_WISH"',
  ]) {
    const lines = await hooksOf({ "mint-grant": mint }).mintGrant({ isExpired: true });
    assert.match(lines[0] ?? "", /^Authorization: Bearer of-\{"?isExpired"?:true\}$/);
  }
});

test("a link is the target of a request to the same origin", async () => {
  const hooks = hooksOf({ "mint-link": `echo ${ORIGIN}/files/$SLUICEGATE_CHECK_UPLOAD?token=secret-token` });
  assert.equal(await hooks.mintLink({ uploadId: "u-1" }), "/files/u-1?token=secret-token");
  assert.ok(secrets.all().includes("secret-token"));
});

test("readiness is told as JSON or in a line", async () => {
  const told = { status: 503, text: "not ready" };
  assert.deepEqual(await hooksOf({ readiness: `echo '${JSON.stringify(told)}'` }).readiness(), told);
  assert.deepEqual(await hooksOf({ readiness: "echo 503 not ready" }).readiness(), told);
});

describe("a command that does not do what it should", () => {
  const rejects = async (promise: Promise<unknown>, code: string, message: RegExp): Promise<void> => {
    await assert.rejects(
      promise,
      (error) => error instanceof GateError && error.code === code && message.test(error.message),
    );
  };

  test("is told what was expected of it, and what it printed, without secrets", async () => {
    secrets.add("Bearer my-secret");
    const printed = (name: string, line: string) => hooksOf({ [name]: line });
    const wrong = "CHECK_COMMAND_OUTPUT";
    await rejects(
      printed("issue", "true").issue(),
      wrong,
      /issue must print header lines .* it printed nothing\./,
    );
    await rejects(
      printed("stored", "echo my-secret").stored(),
      wrong,
      /must print JSON such as .* printed "\*\*\*"/,
    );
    await rejects(printed("record", "echo oops").record("u-1"), wrong, /must print one JSON value/);
    await rejects(printed("readiness", "echo fine").readiness(), wrong, /must print JSON such as .*"fine"/);
    const elsewhere = printed("mint-link", "echo http://elsewhere.example/x");
    await rejects(elsewhere.mintLink({ uploadId: "u-1" }), wrong, /one path or address of http:\/\/127/);
  });

  test("is told its exit code and the last line of its errors, without secrets", async () => {
    secrets.add("Bearer my-secret");
    const { log } = hooksOf({ log: "echo first >&2; echo cannot use my-secret >&2; exit 7" });
    await rejects(log(), "CHECK_COMMAND_FAILED", /the hook log failed with exit code 7: cannot use \*\*\*$/);
  });

  test("is ended when it prints without end", async () => {
    await rejects(hooksOf({ log: "yes" }).log(), "CHECK_COMMAND_FAILED", /printed more than 16 MiB/);
  });

  test("is ended with everything that it has started when it takes too long", async () => {
    const place = { folder, variables: {}, secrets };
    const line = "sleep 60 & echo $! > child; wait";
    await rejects(
      runCommand(line, place, { what: "the hook log", deadlineMs: 300 }),
      "CHECK_COMMAND_FAILED",
      /took longer than 0.3 s/,
    );
    const child = Number(await readFile(join(folder, "child"), "utf8"));
    assert.equal(await hasEnded(child), true);
  });
});

test("a command that leaves something running does not wait for it", async () => {
  const startedAt = performance.now();
  await hooksOf({ log: "sleep 5 & echo $! > child" }).log();
  assert.ok(performance.now() - startedAt < 4000);
  process.kill(Number(await readFile(join(folder, "child"), "utf8")));
});

/** A process that was killed is gone a moment later. */
async function hasEnded(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
    if (status === null || / Z /.test(status)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
