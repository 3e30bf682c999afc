import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { VerifyCredentials } from "../../flows/flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { FileService } from "./file-service.ts";
import { openSight, type Sight } from "./open-sight.ts";
import { flowWith, sightOf, targetAt, upload } from "./sample-flow.ts";

const CREDENTIALS: VerifyCredentials = {
  header: "Authorization",
  main: "env:SIGHT_TEST_MAIN",
  other: null,
  readOnly: null,
  expired: null,
  forged: null,
};
const AT = "http://127.0.0.1:9";

let folder: string;
const open: Sight[] = [];

async function sightWith(credentials: VerifyCredentials): Promise<Sight> {
  const flow = flowWith({ credentials }, folder);
  const sight = await openSight({ flow, target: targetAt(AT), origin: AT, runId: "run-1", settings: null });
  open.push(sight);
  return sight;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sight-"));
  process.env.SIGHT_TEST_MAIN = "Bearer the-secret-of-main-0123456789";
});

afterEach(async () => {
  for (const sight of open.splice(0)) await sight.close();
  delete process.env.SIGHT_TEST_MAIN;
  await rm(folder, { recursive: true });
});

describe("an identity", () => {
  test("sends what the environment holds, and its forged twin one character less of it", async () => {
    const { identities } = await sightWith(CREDENTIALS);
    assert.deepEqual(await identities?.main.lines(), ["Authorization: Bearer the-secret-of-main-0123456789"]);
    assert.deepEqual(await identities?.forged?.lines(), [
      "Authorization: Bearer the-secret-of-main-A123456789",
    ]);
    assert.equal(identities?.other, null);
  });

  test("sends the first line of a file", async () => {
    await writeFile(join(folder, "other"), "Bearer of-a-file\nnot this\n");
    const { identities } = await sightWith({ ...CREDENTIALS, other: `file:${join(folder, "other")}` });
    assert.deepEqual(await identities?.other?.lines(), ["Authorization: Bearer of-a-file"]);
  });

  test("asks a command anew for each request, in the folder of the flow", async () => {
    const line = "echo x >> asked; echo Bearer $SLUICEGATE_CHECK_RUN-$(wc -l < asked | tr -d ' ')" as const;
    const { identities } = await sightWith({ ...CREDENTIALS, main: `command:${line}` });
    assert.deepEqual(await identities?.main.lines(), ["Authorization: Bearer run-1-1"]);
    assert.deepEqual(await identities?.main.lines(), ["Authorization: Bearer run-1-2"]);
  });
});

describe("a credential that is missing", () => {
  const rejects = (credentials: VerifyCredentials, pattern: RegExp) =>
    assert.rejects(
      sightWith(credentials),
      (error) =>
        error instanceof GateError &&
        error.code === "CHECK_CREDENTIAL_MISSING" &&
        pattern.test(error.message),
    );

  test("is named, together with every other one", async () => {
    const credentials = {
      ...CREDENTIALS,
      other: "env:SIGHT_TEST_NONE",
      expired: "file:/nowhere/at-all",
    } as const;
    await rejects(credentials, /SIGHT_TEST_NONE is not set.*\/nowhere\/at-all/);
  });

  test("is one that no header could hold", async () => {
    await writeFile(join(folder, "odd"), "Bearer \u0000");
    await rejects(
      { ...CREDENTIALS, main: `file:${join(folder, "odd")}` },
      /characters that no header may have/,
    );
  });

  test("shows when a command fails, with its last words and without secrets", async () => {
    const { identities } = await sightWith({
      ...CREDENTIALS,
      other: 'command:echo first >&2; echo "no $SIGHT_TEST_MAIN for you" >&2; exit 3',
    });
    await assert.rejects(
      identities?.other?.lines() ?? Promise.resolve(),
      /a credential failed with exit code 3: no \*\*\* for you/,
    );
  });
});

test("every secret is told: whole, without its scheme, and forged", async () => {
  const sight = await sightWith(CREDENTIALS);
  await sight.identities?.forged?.lines();
  const told = sight.secrets();
  for (const secret of [
    "Bearer the-secret-of-main-0123456789",
    "the-secret-of-main-0123456789",
    "the-secret-of-main-A123456789",
  ])
    assert.ok(told.includes(secret), secret);
});

test("what is stored is looked at as main", async () => {
  const service = await FileService.start();
  try {
    const sight = await sightOf(service.origin, { credentials: CREDENTIALS, readBack: { list: "/list" } });
    open.push(sight);
    await upload(sight, service.origin);
    const at = service.requests.indexOf("GET /list");
    assert.equal(service.credentials[at], "Bearer the-secret-of-main-0123456789");
  } finally {
    await service.stop();
  }
});
