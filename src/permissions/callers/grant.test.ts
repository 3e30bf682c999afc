import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  bearing,
  type Claims,
  flowWith,
  GATE,
  grantClaims,
  grantSettings,
  isCode,
  NOW_MS,
  requestWith,
  SECRET,
  sign,
} from "../../../test/permissions/minted-by-hand.ts";
import { movesThrough, sampleUpload } from "../../records/records.contract.ts";
import type { Records } from "../../records/records.ts";
import { openSqliteRecords } from "../../records/sqlite/open-sqlite-records.ts";
import type { GrantSettings } from "../../settings/settings.ts";
import type { Admission, CallerCheck } from "../caller.ts";
import { grantCaller } from "./grant.ts";

const NOW = NOW_MS / 1000;
const DAY_MS = 86_400_000;
const flow = flowWith();
let folder = "";
let records: Records;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-grants-"));
  records = await openSqliteRecords({ path: join(folder, "records.sqlite") });
});
after(async () => {
  await records.close();
  await rm(folder, { recursive: true });
});

function caller(settings: GrantSettings = grantSettings(), clock = () => NOW_MS): CallerCheck {
  const check = grantCaller(settings, { audience: GATE, records, clock });
  assert.ok(check !== null);
  return check;
}

async function admitted(claims: Claims, check = caller()): Promise<Admission> {
  return check.admit(flow, bearing(await sign(claims)));
}

/** As the lead of an upload does it: released and used, or neither. */
async function release({ grant }: Admission): Promise<void> {
  assert.ok(grant !== null);
  const upload = sampleUpload();
  await records.begin(upload, movesThrough("receiving", "received", "inspecting", "accepted"));
  await records.move(upload.id, movesThrough("accepted", "released"), { useGrant: grant });
}

const ends = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );

test("a grant says who sends, and what they may send at most", async () => {
  const sha256 = "0f".repeat(32);
  const narrow = { max_bytes: 2_000_000, max_files: 1, types: ["image/png", "image/webp"], sha256 };
  const admission = await admitted(grantClaims(narrow));
  assert.equal(admission.principal, "user-7");
  assert.deepEqual(admission.narrowing, {
    fileBytesMax: 2_000_000,
    filesMax: 1,
    types: ["image/png", "image/webp"],
    sha256,
  });
  assert.deepEqual(admission.consumedHeaders, ["authorization"]);
  assert.equal(admission.grant?.id, "0123456789abcdef");
  await admission.confirm();
});

test("a grant without limits narrows nothing, and neither do limits that are null", async () => {
  assert.equal((await admitted(grantClaims({ iss: "service", nbf: NOW - 5 }))).narrowing, null);
  assert.equal((await admitted(grantClaims({ max_bytes: null, types: null }))).narrowing, null);
  const { narrowing } = await admitted(grantClaims({ max_bytes: 0 }));
  assert.deepEqual(narrowing, { fileBytesMax: 0, filesMax: null, types: null, sha256: null });
});

test("without settings there is no check of grants", () => {
  assert.equal(grantCaller(null, { audience: GATE, records }), null);
});

test("each claim that is missing, of another kind, or out of bounds makes the grant invalid", async () => {
  const wrong: Claims[] = [
    ...["aud", "sub", "flow", "jti", "iat", "exp"].map((name) => ({ [name]: undefined })),
    ...["aud", "sub", "flow", "jti", "iat", "exp", "nbf"].flatMap((name) =>
      [null, true, [], {}, ["x"]].map((value) => ({ [name]: value })),
    ),
    ...["https://other.example.com", `${GATE}/`, "", [GATE], [GATE, GATE]].map((aud) => ({ aud })),
    ...["", " user", "user ", "a\nb", "a\u0000", "\u202eevil", "a\u200bb", "u".repeat(201), 7].map((sub) => ({
      sub,
    })),
    ...["", "0123456789abcde", "x".repeat(201), "0123456789abcde\n", "0123456789 abcdef", 12].map((jti) => ({
      jti,
    })),
    ...[-1, 1.5, "5", 2 ** 53, [], true].map((max_bytes) => ({ max_bytes })),
    ...[0, -1, 1.5, "5", {}].map((max_files) => ({ max_files })),
    ...[
      "image/png",
      [],
      [""],
      ["image"],
      ["image/*"],
      ["Image/PNG"],
      ["text/plain; charset=utf-8"],
      [null],
    ].map((types) => ({ types })),
    { types: Array.from({ length: 51 }, () => "image/png") },
    ...["", "0F".repeat(32), "0f".repeat(31), "0f".repeat(33), 7, []].map((sha256) => ({ sha256 })),
    ...["maxBytes", "max_size", "scope", "size", "__proto__", "constructor"].map((name) => ({ [name]: 1 })),
  ];
  for (const change of wrong) {
    await assert.rejects(
      admitted(grantClaims(change)),
      isCode("CREDENTIALS_INVALID"),
      JSON.stringify(change),
    );
  }
});

test("a refusal says what is wrong, with the challenge, and nothing of the grant", async () => {
  await assert.rejects(admitted(grantClaims({ max_bytes: "much" })), (error: unknown) => {
    isCode("CREDENTIALS_INVALID", /Its claim max_bytes is missing or malformed/)(error);
    assert.match(JSON.stringify(error), /Bearer realm=.*avatars.*invalid_token/);
    assert.doesNotMatch(JSON.stringify(error), /much|user-7/);
    return true;
  });
});

test("claims that are named twice or are no JSON object are not read", async () => {
  const good = JSON.stringify(grantClaims());
  await caller().admit(flow, bearing(await sign(good)));
  const twice = good.replace('"sub"', '"sub":"admin","sub"');
  for (const text of [twice, `[${good}]`, '"grant"', "null", "", good.slice(1), `${good}${good}`]) {
    await assert.rejects(
      async () => caller().admit(flow, bearing(await sign(text))),
      isCode("CREDENTIALS_INVALID"),
      text,
    );
  }
});

test("a grant is good between its times, with the clock skew on both sides, and not a moment longer", async () => {
  const claims = grantClaims({ iat: NOW, exp: NOW + 300 });
  const at = (ms: number): Promise<Admission> =>
    admitted(
      claims,
      caller(grantSettings(), () => NOW_MS + ms),
    );
  await at(-30_000);
  await at(329_999);
  await assert.rejects(at(-30_001), isCode("CREDENTIALS_INVALID", /not valid yet/));
  await assert.rejects(at(330_000), isCode("CREDENTIALS_INVALID", /has expired/));
  await assert.rejects(
    admitted(grantClaims({ nbf: NOW + 31 })),
    isCode("CREDENTIALS_INVALID", /not valid yet/),
  );
});

test("a grant that is valid for longer than the settings allow is refused, however it says so", async () => {
  await admitted(grantClaims({ iat: NOW, exp: NOW + 3600 }));
  for (const [iat, exp] of [
    [NOW, NOW + 3601],
    [NOW - 3500, NOW + 101],
    [0, NOW + 300],
    [-1e308, 1e308],
    [NOW, 9e99],
  ])
    await assert.rejects(admitted(grantClaims({ iat, exp })), isCode("CREDENTIALS_INVALID", /longer than/));
  const endless = JSON.stringify(grantClaims()).replace(/"exp":\d+/, '"exp":1e999');
  await assert.rejects(
    async () => caller().admit(flow, bearing(await sign(endless))),
    isCode("CREDENTIALS_INVALID"),
  );
  await assert.rejects(
    admitted(grantClaims({ iat: NOW, exp: NOW })),
    isCode("CREDENTIALS_INVALID", /before it/),
  );
});

test("a grant opens the one flow that it names", async () => {
  const token = await sign(grantClaims());
  const other = flowWith({}, "imports");
  for (const action of [caller().admit(other, bearing(token)), caller().identify(other, bearing(token))])
    await assert.rejects(action, isCode("GRANT_MISMATCH"));
});

test("no token, two tokens, another scheme and a token in another place are no grant", async () => {
  const token = await sign(grantClaims());
  const check = caller();
  const at = { target: `/api/avatars?token=${token}&access_token=${token}` };
  await assert.rejects(check.admit(flow, requestWith([], at)), isCode("CREDENTIALS_MISSING"));
  await assert.rejects(
    check.admit(flow, requestWith(["Cookie", `token=${token}`])),
    isCode("CREDENTIALS_MISSING"),
  );
  const twice = ["Authorization", `Bearer ${token}`, "Authorization", `Bearer ${token}`];
  await assert.rejects(check.admit(flow, requestWith(twice)), isCode("CREDENTIALS_AMBIGUOUS"));
  await assert.rejects(check.admit(flow, bearing("a.b.c")), isCode("CREDENTIALS_INVALID"));
  await check.admit(flow, requestWith(["authorization", `bearer ${token}`]));
});

test("of ten uploads at once with one grant exactly one is released, and then nobody else gets in", async () => {
  const claims = grantClaims({ jti: "used-by-ten-at-once" });
  const admissions = await Promise.all(Array.from({ length: 10 }, () => admitted(claims)));
  await Promise.all(admissions.map((admission) => admission.confirm()));
  const outcomes = await Promise.all(admissions.map((admission) => ends(release(admission))));
  assert.deepEqual(outcomes.toSorted(), [...Array.from({ length: 9 }, () => "RECORDS_GRANT_USED"), "done"]);
  await assert.rejects(admitted(claims), isCode("GRANT_USED"));
  for (const admission of admissions) await assert.rejects(admission.confirm(), isCode("GRANT_USED"));
  assert.equal(await caller().identify(flow, bearing(await sign(claims))), "user-7");
});

test("where retries are known by a key, a used grant gets in again, and its release decides", async () => {
  const keyed = { ...flow, retry: { ...flow.retry, idempotencyKey: "required" as const } };
  const token = await sign(grantClaims({ jti: "used-and-sent-again" }));
  const admit = (): Promise<Admission> => caller().admit(keyed, bearing(token));
  await release(await admit());
  const again = await admit();
  await again.confirm();
  assert.equal(await ends(release(again)), "RECORDS_GRANT_USED");
});

test("an upload may take longer than its grant lives, and its twin does not pass by taking longer still", async () => {
  let nowMs = Date.now();
  const claims = { iat: nowMs / 1000, exp: nowMs / 1000 + 300.0005, jti: "slow-upload-with-a-twin" };
  const check = caller(grantSettings(), () => nowMs);
  const [first, second] = [
    await admitted(grantClaims(claims), check),
    await admitted(grantClaims(claims), check),
  ];
  nowMs += DAY_MS;
  await first.confirm();
  await release(first);
  nowMs += 5 * DAY_MS;
  await records.forget(nowMs, 0, 100);
  await assert.rejects(second.confirm(), isCode("GRANT_USED"));
  nowMs += 2 * DAY_MS;
  await records.forget(nowMs, 0, 100);
  await assert.rejects(second.confirm(), isCode("PERMISSION_REVOKED"));
  await assert.rejects(
    check.identify(flow, bearing(await sign(grantClaims(claims)))),
    isCode("CREDENTIALS_INVALID"),
  );
});

test("any character of a grant that is changed, added or taken away makes it invalid", async () => {
  const check = caller();
  const token = await sign(grantClaims());
  await check.admit(flow, bearing(token));
  const seed = Date.now() % 1000;
  for (let at = 0; at < token.length; at += 1) {
    const others = [..."AQgwz059-_."].filter((char) => char !== token[at]);
    const char = others[(at + seed) % others.length];
    for (const changed of [char, "", `${token[at]}${char}`]) {
      const text = token.slice(0, at) + changed + token.slice(at + 1);
      await assert.rejects(
        check.admit(flow, bearing(text)),
        isCode("CREDENTIALS_INVALID"),
        `seed ${seed}, at ${at}: ${JSON.stringify(changed)}`,
      );
    }
  }
});

test("a secret of somebody else signs nothing that is taken", async () => {
  const token = await sign(grantClaims(), undefined, new TextEncoder().encode(`${SECRET}.`));
  await assert.rejects(
    caller().admit(flow, bearing(token)),
    isCode("CREDENTIALS_INVALID", /not signed with a key/),
  );
});
