import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  bearing,
  flowWith,
  GATE,
  grantSettings,
  isCode,
  SECRET,
} from "../../test/permissions/minted-by-hand.ts";
import type { GrantSettings } from "../settings/settings.ts";
import type { CallerCheck } from "./caller.ts";
import { grantCaller } from "./callers/grant.ts";
import { verifyDownloadLink } from "./download-link.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const UPLOAD_ID = "01jqzx4v0k5t8m3n7p9r2s6w4y";
const SIGNERS = ["secret", "ed25519", "p256"] as const;
type Signer = (typeof SIGNERS)[number];

/** As `python/tests/mint_tokens.py` prints it. */
interface Minted {
  readonly plain: string;
  readonly narrow: string;
  readonly tooLong: string;
  readonly other: string;
  readonly link: string;
  readonly behind: string;
}

let folder = "";
let minted: Readonly<Record<Signer, Minted>>;
let settings: Readonly<Record<Signer, GrantSettings>>;
const flow = flowWith();

before(async () => {
  const { stdout } = await promisify(execFile)(
    join(ROOT, ".venv/bin/python"),
    ["-m", "tests.mint_tokens", GATE, SECRET],
    { cwd: join(ROOT, "python"), timeout: 60_000 },
  );
  const { jwks, ...tokens } = JSON.parse(stdout);
  minted = tokens;
  folder = await mkdtemp(join(tmpdir(), "sluicegate-python-"));
  const jwksFile = join(folder, "grants.json");
  await writeFile(jwksFile, JSON.stringify(jwks));
  const keys = grantSettings({ jwksFile });
  settings = { secret: grantSettings(), ed25519: keys, p256: keys };
});
after(() => rm(folder, { recursive: true, force: true }));

function caller(signer: Signer): CallerCheck {
  const check = grantCaller(settings[signer], {
    audience: GATE,
    records: { isGrantUsed: async () => false },
  });
  assert.ok(check !== null);
  return check;
}

const tokenOf = (url: string): string => new URL(url).searchParams.get("token") ?? "";

for (const signer of SIGNERS) {
  test(`grants that a Python service mints with ${signer} are taken, with every limit that they name`, async () => {
    const plain = await caller(signer).admit(flow, bearing(minted[signer].plain));
    assert.equal(plain.principal, "Zoë ✓ 7");
    assert.equal(plain.narrowing, null);
    await plain.confirm();
    const { narrowing, grant } = await caller(signer).admit(flow, bearing(minted[signer].narrow));
    assert.deepEqual(narrowing, {
      fileBytesMax: 2_000_000,
      filesMax: 2,
      types: ["image/png", "image/jpeg"],
      sha256: "0f".repeat(32),
    });
    assert.ok(grant !== null && grant.id !== plain.grant?.id);
  });

  test(`grants minted with ${signer} for another gate, flow or time are refused`, async () => {
    const check = caller(signer);
    const { plain, tooLong, other } = minted[signer];
    await assert.rejects(check.admit(flow, bearing(tooLong)), isCode("CREDENTIALS_INVALID", /longer than/));
    await assert.rejects(check.admit(flow, bearing(other)), isCode("CREDENTIALS_INVALID", /another gate/));
    await assert.rejects(check.admit(flowWith({}, "imports"), bearing(plain)), isCode("GRANT_MISMATCH"));
  });

  test(`links that a Python service makes with ${signer} are for the file that they name`, async () => {
    const { link, behind, plain } = minted[signer];
    assert.ok(link.startsWith(`${GATE}/.sluicegate/files/${UPLOAD_ID}?token=`));
    assert.ok(behind.startsWith(`http://127.0.0.1:8080/.sluicegate/files/${UPLOAD_ID}?token=`));
    const rules = { settings: settings[signer], audience: GATE, nowMs: Date.now() };
    const { uploadId, fileIndex, name } = await verifyDownloadLink(tokenOf(link), rules);
    assert.deepEqual([uploadId, fileIndex, name], [UPLOAD_ID, 1, "Übersicht.pdf"]);
    assert.equal((await verifyDownloadLink(tokenOf(behind), rules)).name, null);
    await assert.rejects(verifyDownloadLink(plain, rules), isCode("LINK_INVALID"));
    await assert.rejects(caller(signer).admit(flow, bearing(tokenOf(link))), isCode("CREDENTIALS_INVALID"));
  });

  test(`any bit of any byte that is changed in a token minted with ${signer} makes it invalid`, async () => {
    const seed = Date.now() % 8;
    const check = caller(signer);
    const token = Buffer.from(minted[signer].plain, "latin1");
    for (let at = 0; at < token.length; at += 1) {
      const changed = Buffer.from(token);
      changed[at] = (changed[at] ?? 0) ^ (1 << ((at + seed) % 8));
      await assert.rejects(
        check.admit(flow, bearing(changed.toString("latin1"))),
        isCode("CREDENTIALS_INVALID"),
        `seed ${seed}, byte ${at}`,
      );
    }
  });

  test(`what was signed with another key than ${signer} is not taken`, async () => {
    for (const other of SIGNERS.filter((name) => settings[name] !== settings[signer]))
      await assert.rejects(
        caller(signer).admit(flow, bearing(minted[other].plain)),
        isCode("CREDENTIALS_INVALID"),
      );
  });
}
