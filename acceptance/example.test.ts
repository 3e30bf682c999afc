/**
 * The flows of the example as the README has them: each kind of caller gets in, each sample is what its folder says, and a partner's
 * statement outlives a service that is down.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { EXAMPLE_FLOWS, type ExampleUnderTest, startExample } from "./example-under-test.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".webp": "image/webp",
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** How each flow is sent to: the field of a form, or `null` for a raw body. */
const FIELDS: Readonly<Record<string, string | null>> = {
  avatars: "picture",
  documents: "document",
  imports: null,
  statements: null,
  reports: "report",
  attachments: "attachment",
  notes: "note",
};

let example: ExampleUnderTest;
let cookie = "";
let partnerKey = "";

before(async () => {
  example = await startExample();
  const signedIn = await fetch(url("/api/login"), {
    method: "POST",
    body: new URLSearchParams({ name: "ada" }),
  });
  cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const made = await example.gate.run("key", "add", "partner", "--scope", "statements:write");
  partnerKey = made.out.trim();
});

after(() => example?.stop());

const url = (path: string): string => `${example.gate.origin}${path}`;

const ask = async (path: string): Promise<string> =>
  (await fetch(url(path), { method: "POST", headers: { cookie } })).text();

/** What a caller of the flow's kind sends along. */
async function credentials(flow: string): Promise<Record<string, string>> {
  switch (flow) {
    case "statements":
      return { "x-api-key": partnerKey, "idempotency-key": crypto.randomUUID() };
    case "reports":
      return { authorization: `Bearer ${await ask("/api/token")}` };
    case "attachments":
      return { authorization: `Bearer ${JSON.parse(await ask("/api/attachment-grants")).token}` };
    case "notes":
      return { cookie };
    default:
      return {};
  }
}

async function send(flow: string, path: string, headers: Record<string, string>): Promise<Response> {
  const name = path.split("/").at(-1) ?? "";
  const type = TYPES[extname(name)] ?? "application/octet-stream";
  const file = new Blob([readFileSync(path)], { type });
  const field = FIELDS[flow];
  if (field === null)
    return fetch(url(`/api/${flow}/${name}`), {
      method: "PUT",
      headers: { ...headers, "content-type": type },
      body: file,
    });
  const body = new FormData();
  body.append(field ?? "", file, name);
  return fetch(url(`/api/${flow}`), { method: "POST", headers, body });
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name));

for (const flow of readdirSync(EXAMPLE_FLOWS)) {
  const samples = join(EXAMPLE_FLOWS, flow, "samples");
  test(`samples of ${flow} are taken from a caller that may send, and rejected ones are not`, async () => {
    for (const path of filesOf(samples)) {
      const answer = await send(flow, path, await credentials(flow));
      assert.equal(answer.status, 201, `${path}: ${await answer.text()}`);
    }
    if (flow === "imports") return;
    for (const path of filesOf(join(samples, "rejected"))) {
      const answer = await send(flow, path, await credentials(flow));
      assert.ok([415, 422].includes(answer.status), `${path}: ${answer.status} ${await answer.text()}`);
    }
  });
}

test("without credentials nobody gets into the four flows that ask for them", async () => {
  for (const flow of ["statements", "reports", "attachments", "notes"]) {
    const [sample = ""] = filesOf(join(EXAMPLE_FLOWS, flow, "samples"));
    const answer = await send(flow, sample, {});
    assert.equal(answer.status, 401, await answer.text());
  }
});

test("a file is handed out to whoever attached it, and to nobody else", async () => {
  const sample = join(EXAMPLE_FLOWS, "attachments/samples/offer.pdf");
  const { uploadId } = (await (
    await send("attachments", sample, await credentials("attachments"))
  ).json()) as {
    uploadId: string;
  };
  const path = url(`/api/attachments/${uploadId}`);
  const file = await fetch(path, { headers: { cookie } });
  assert.match(file.headers.get("content-disposition") ?? "", /^attachment; filename="offer.pdf"/);
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), readFileSync(sample));
  assert.equal((await fetch(path)).status, 401);
  const other = await fetch(url("/api/login"), {
    method: "POST",
    body: new URLSearchParams({ name: "eve" }),
  });
  const theirs = other.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  assert.equal((await fetch(path, { headers: { cookie: theirs } })).status, 404);
});

test("a statement that comes while the service is down is kept, and the service has it once when it is back", async () => {
  const sample = join(EXAMPLE_FLOWS, "statements/samples/november.csv");
  await example.stopService();
  const headers = await credentials("statements");
  const kept = await send("statements", sample, headers);
  assert.equal(kept.status, 202, await kept.text());
  await example.startService();
  const retried = await example.gate.run("retry", "--all");
  assert.equal(retried.exitCode, 0, retried.err);
  const again = await sendUntilDelivered(sample, headers);
  assert.deepEqual([again.status, again.headers.get("idempotency-replayed")], [201, "true"]);
  const row = (await again.json()) as { uploadId: string };
  const rows = (await (await fetch(url("/api/received?count=1000"))).json()) as { uploadId: string }[];
  assert.equal(rows.filter(({ uploadId }) => uploadId === row.uploadId).length, 1);
});

/** The gate tries when it has been told to, and until then the answer that is given again is the 202. */
async function sendUntilDelivered(sample: string, headers: Record<string, string>): Promise<Response> {
  const givesUpAt = performance.now() + 10_000;
  for (;;) {
    const answer = await send("statements", sample, headers);
    if (answer.status !== 202 || performance.now() > givesUpAt) return answer;
    await answer.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
