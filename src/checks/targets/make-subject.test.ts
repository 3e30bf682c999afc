import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { readFlow } from "../../flows/read-flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import { CATALOGUE } from "../catalogue.ts";
import { controlContent } from "../payloads/form.ts";
import { controlRequest } from "../payloads/upload.ts";
import { runCheck } from "../run-check.ts";
import { type Got, json, served } from "../sample-served.ts";
import { draftFlow } from "./draft-flow.ts";
import { flowTarget } from "./flow-target.ts";
import { subjectOfFlow, subjectOfUrl } from "./make-subject.ts";
import type { UrlTargetInput } from "./url-request.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../../examples/flows");
const PHOTO = join(EXAMPLES, "avatars/samples/photo.png");

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluicegate-targets-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function readingOf(file: string) {
  const reading = await readFlow(file, { upstreams: "any" });
  if (!reading.ok) throw new Error(reading.problems.map(({ message }) => message).join("\n"));
  return reading;
}

/** A flow file with these lines in place of those of its keys. */
async function written(name: string, lines: readonly string[]) {
  const file = join(folder, name, "flow.yaml");
  await mkdir(dirname(file));
  const common = [
    `flow: ${name}`,
    "summary: A test",
    "owner: tests",
    "mode: off",
    "deliver: forward",
    "upstream: x",
  ];
  await writeFile(file, [...common, ...lines, ""].join("\n"));
  return readingOf(file);
}

const at = { origin: "http://127.0.0.1:1", runId: "R-7" };

describe("a flow's target", () => {
  test("each flow of the example becomes one whose control upload can be written", async () => {
    for (const name of await readdir(EXAMPLES)) {
      const { flow } = await readingOf(join(EXAMPLES, name, "flow.yaml"));
      const { target } = await flowTarget({ ...at, flow });
      const { line } = controlRequest(target);
      assert.match(line, /^(POST|PUT|PATCH) \/[^{} ]* HTTP\/1\.1$/, name);
      assert.deepEqual(target.acceptedStatuses, [201]);
      assert.match(target.file.control.name, /^flowcheck-r-7-/);
      for (const [index, { name: field, control }] of target.fields.entries()) {
        const rule = flow.fields.get(field);
        const { length } = [...control];
        assert.ok(
          rule !== undefined && length >= rule.lengthCharsMin && length <= rule.lengthCharsMax,
          `${index}`,
        );
      }
    }
  });

  test("shares, keys and what is not promised are taken from the flow", async () => {
    const avatars = await flowTarget({ ...at, ...(await readingOf(join(EXAMPLES, "avatars/flow.yaml"))) });
    assert.deepEqual(avatars.target.promises, {
      rate: { requestsMax: 60, everyMs: 60_000 },
      quota: { filesMax: 500, bytesMax: 200 * 1024 * 1024 },
    });
    const silent = ["malware", "archives", "images", "documents", "callers"];
    assert.deepEqual([...(avatars.target.unpromised ?? [])], silent);
    const reports = await flowTarget({ ...at, ...(await readingOf(join(EXAMPLES, "reports/flow.yaml"))) });
    assert.equal(reports.target.promises?.idempotencyKey, "derived");
    assert.equal(reports.target.unpromised?.has("callers"), false);
  });

  test("names in the path are filled in, and the last one of a raw route is the file's", async () => {
    const route = (path: string, protocol: string) => [
      `route: { method: PUT, path: "${path}", protocols: [${protocol}] }`,
      "accept: { files: { data: { types: any, max-size: 1 KiB } } }",
      "permissions: { caller: public }",
      'verify: { path: { user: "a%20b" } }',
    ];
    const raw = await flowTarget({ ...at, ...(await written("raw", route("/{user}/{other}/{key}", "raw"))) });
    assert.equal(raw.target.path, "/a%20b/flowcheck-r-7/{name}");
    assert.match(
      raw.assumptions.join(" "),
      /\{other\} in the path is sent as flowcheck-r-7; verify\.path\.other/,
    );
    const form = await flowTarget({ ...at, ...(await written("form", route("/x/{user}", "multipart"))) });
    assert.equal(form.target.path, "/x/a%20b");
    assert.equal(form.target.protocol, "multipart");
  });

  test("of several file fields the first that must be there is attacked, and the others come along", async () => {
    const reading = await written("several", [
      "route: { method: POST, path: /x, protocols: [multipart] }",
      "accept:",
      "  files:",
      "    extra: { types: [image/png], max-size: 1 KiB, optional: true }",
      "    photo: { types: [image/png], max-size: 1 KiB }",
      "    paper: { types: [application/pdf], max-size: 10 KiB }",
      "  fields: { note: { max-length: 20, min-length: 12 } }",
      "permissions: { caller: public }",
      "verify: { fields: { note: twelve chars } }",
    ]);
    const { target, assumptions } = await flowTarget({ ...at, ...reading });
    const { files, fields } = controlContent(target, { name: "attack.png" });
    assert.deepEqual(
      files.map(({ field, name }) => [field, name]),
      [
        ["photo", "attack.png"],
        ["paper", "flowcheck-r-7-paper.pdf"],
      ],
    );
    assert.deepEqual(fields, [["note", "twelve chars"]]);
    assert.match(assumptions.join(" "), /Only the file field "photo" is attacked; "extra", "paper" is not/);
  });
});

/** Stores what is sent, by id; with an address, and the bytes again. */
class Store {
  readonly files = new Map<string, Buffer>();
  readonly asked: Got[] = [];

  keep(bytes: Buffer): string {
    const id = createHash("sha256").update(bytes).update(String(this.files.size)).digest("hex").slice(0, 20);
    this.files.set(id, bytes);
    return id;
  }

  give(path: string, res: ServerResponse): void {
    const bytes = this.files.get(path.split("/").at(-1) ?? "");
    if (bytes === undefined) json(res, 404, { detail: "Not Found" });
    else res.writeHead(200, { "Content-Type": "application/octet-stream" }).end(bytes);
  }
}

/** The content of the first file part. */
function fileIn({ body, headers }: Got): Buffer | null {
  const boundary = /boundary=(.+)$/.exec(headers["content-type"] ?? "")?.[1];
  const head = body.indexOf("\r\n\r\n", body.indexOf("filename="));
  if (boundary === undefined || head < 0) return null;
  return body.subarray(head + 4, body.indexOf(`\r\n--${boundary}`, head));
}

describe("a flow's subject", () => {
  const PUBLIC = [
    "route: { method: POST, path: /x, protocols: [multipart] }",
    "accept: { files: { photo: { types: [image/png], max-size: 100 KiB } } }",
    "permissions: { caller: public }",
    "expect: { status: 201 }",
    "verify: { manual: [{ check: UPL-FM-04, result: pass, who: Ann, when: 2026-11-02, note: saw it }] }",
  ];

  test("a public form is checked to the end, and what is known of it is told", async (t) => {
    const store = new Store();
    const origin = await served(t, (got, res) => {
      if (got.method !== "POST") return store.give(got.path, res);
      const file = fileIn(got);
      if (file === null || !file.subarray(1, 4).equals(Buffer.from("PNG")))
        return json(res, 422, { detail: "no PNG" });
      json(res, 201, { id: store.keep(file) }, { Server: "uvicorn", "X-App-Version": "1.2" });
    });
    const reading = await written("public", PUBLIC);
    const subject = await subjectOfFlow({ ...reading, ...at, origin, settings: null });
    const { about, target } = subject;
    assert.deepEqual(
      [about.flow, about.path, about.front, about.framework, about.serves, about.assumptions.length],
      ["public", "/x", "unknown", "fastapi", "uvicorn; x-app-version 1.2", 1],
    );
    assert.equal(about.flowFile?.lines["accept.files.photo.max-size"], 8);
    assert.deepEqual(subject.manual.get("UPL-FM-04"), {
      result: "pass",
      who: "Ann",
      when: "2026-11-02",
      note: "saw it",
    });
    const check = CATALOGUE.find(({ id }) => id === "UPL-TY-02");
    assert.ok(check !== undefined);
    const results = await runCheck(check, target, subject.evidence, subject.hooks);
    assert.ok(
      results.some(({ state }) => state === "pass"),
      JSON.stringify(results.map(({ state }) => state)),
    );
    await subject.close();
  });

  test("where nothing may be sent, nothing is", async (t) => {
    let requests = 0;
    const origin = await served(t, (_, res) => {
      requests += 1;
      res.end();
    });
    const reading = await written("quiet", PUBLIC);
    const subject = await subjectOfFlow({ ...reading, ...at, origin, settings: null, first: "none" });
    await subject.close();
    assert.equal(requests, 0);
    await (await subjectOfFlow({ ...reading, ...at, origin, settings: null, first: "questions" })).close();
    assert.equal(requests, 2);
  });

  test("a gate in front is known by its page and by its id on the upload; its promises join those of the flow", async (t) => {
    let hasId = true;
    const origin = await served(t, ({ path }, res) => {
      if (path.startsWith("/.sluicegate/errors/"))
        return void res.end("ROUTE_UNKNOWN (404): No such route here");
      json(res, 201, {}, hasId ? { "Sluicegate-Upload": "0123456789abcdefghjkmnpqrs" } : {});
    });
    const reading = await written("fronted", PUBLIC);
    const subject = await subjectOfFlow({ ...reading, ...at, origin, settings: null });
    await subject.close();
    assert.equal(subject.about.front, "sluicegate");
    assert.deepEqual(subject.target.promises?.id, { header: "Sluicegate-Upload" });
    assert.deepEqual(subject.target.promises?.digests, ["content-digest", "repr-digest", "content-md5"]);
    hasId = false;
    const passed = await subjectOfFlow({ ...reading, ...at, origin, settings: null });
    await passed.close();
    assert.equal(passed.about.front, "unknown");
    assert.equal(passed.target.promises?.digests, undefined);
    assert.match(passed.about.assumptions.join(" "), /lets this route pass untouched/);
  });

  test("a subject is made also where nobody answers", async () => {
    const reading = await written("gone", PUBLIC);
    const subject = await subjectOfFlow({ ...reading, ...at, settings: null });
    assert.equal(subject.about.framework, null);
    await subject.close();
  });
});

const urlInput = (url: string, more: Partial<UrlTargetInput> = {}): UrlTargetInput => ({
  url,
  field: null,
  sample: PHOTO,
  method: null,
  sizeBytesMax: null,
  types: null,
  headers: [],
  texts: new Map(),
  isRaw: false,
  status: null,
  runId: "R-7",
  ...more,
});

describe("an address's subject", () => {
  test("everything is assumed, said and not promised, where the service says nothing", async (t) => {
    const origin = await served(t, ({ method }, res) =>
      method === "POST" ? json(res, 200, {}) : json(res, 404, {}),
    );
    const subject = await subjectOfUrl(urlInput(`${origin}/upload?kind=1`));
    await subject.close();
    const { target, about } = subject;
    assert.deepEqual([target.method, target.path, target.file.field], ["POST", "/upload?kind=1", "file"]);
    assert.deepEqual([target.file.types, target.file.sizeBytesMax], [["image/png"], 10 * 1024 * 1024]);
    for (const topic of ["size", "types", "count", "fields", "callers", "refusals", "malware"] as const)
      assert.equal(target.unpromised?.has(topic), true, topic);
    for (const words of [
      "--types",
      "--max-size",
      "--field",
      "--method",
      "--status",
      "one file in each upload",
    ])
      assert.ok(
        about.assumptions.some((each) => each.includes(words)),
        words,
      );
    assert.equal(about.readBack === null || !about.readBack.includes("undefined"), true);
  });

  test("what somebody says is promised, and not assumed", async (t) => {
    const origin = await served(t, (_, res) => json(res, 201, {}));
    const said = { types: [".PNG", "jpeg"], sizeBytesMax: 7000, field: "photo", method: "put", status: 201 };
    const subject = await subjectOfUrl(
      urlInput(`${origin}/upload`, { ...said, texts: new Map([["caption", "hello"]]) }),
    );
    await subject.close();
    const { target, about } = subject;
    assert.deepEqual(target.file.types, ["image/png", "image/jpeg"]);
    assert.deepEqual(
      [target.method, target.file.sizeBytesMax, target.acceptedStatuses],
      ["PUT", 7000, [201]],
    );
    assert.deepEqual(
      target.fields.map(({ name, control }) => [name, control]),
      [["caption", "hello"]],
    );
    assert.equal(target.unpromised?.has("size"), false);
    assert.equal(target.unpromised?.has("types"), false);
    assert.deepEqual(about.assumptions, ["Takes one file in each upload; nobody says so."]);
  });

  test("method and field are learnt from refusals that leave one choice", async (t) => {
    const origin = await served(t, (got, res) => {
      if (got.method === "GET") return json(res, 404, { detail: "Not Found" });
      if (got.method !== "PUT")
        return json(res, 405, { detail: "Method Not Allowed" }, { Allow: "GET, PUT" });
      if (got.body.includes('name="picture"')) return json(res, 201, {});
      json(res, 422, { detail: [{ type: "missing", loc: ["body", "picture"], msg: "Field required" }] });
    });
    const subject = await subjectOfUrl(urlInput(`${origin}/upload`));
    await subject.close();
    assert.deepEqual([subject.target.method, subject.target.file.field], ["PUT", "picture"]);
    assert.equal(subject.about.framework, "fastapi");
  });

  for (const [where, told, url] of [
    [
      "the Location header",
      { headers: (id: string) => ({ Location: `/kept/${id}` }), body: () => ({}) },
      "/kept/{id}",
    ],
    [
      "an address in the body",
      { headers: () => ({}), body: (id: string) => ({ data: { url: `/media/x/${id}` } }) },
      "/media/x/{id}",
    ],
    ["an id, below the route", { headers: () => ({}), body: (id: string) => ({ id }) }, "/upload/{id}"],
    [
      "an id in a list, at a usual place",
      { headers: () => ({}), body: (id: string) => [{ file_id: id }] },
      "/upload/{id}",
    ],
  ] as const)
    test(`what was stored is found again by ${where}`, async (t) => {
      const store = new Store();
      const origin = await served(t, (got, res) => {
        if (got.method !== "POST") return store.give(got.path, res);
        const id = store.keep(fileIn(got) ?? Buffer.alloc(0));
        json(res, 201, told.body(id), told.headers(id));
      });
      const subject = await subjectOfUrl(urlInput(`${origin}/upload`));
      await subject.close();
      assert.equal(subject.inferred.verify?.readBack.url, url);
      assert.ok(subject.target.promises?.id !== undefined);
      assert.notEqual(subject.about.readBack, null);
    });

  test("an address that gives other bytes, or is elsewhere, is no read-back", async (t) => {
    const asked: string[] = [];
    const origin = await served(t, ({ method, path }, res) => {
      asked.push(path);
      if (method !== "POST") return void res.end("something else");
      json(res, 201, { id: "a1", url: "http://elsewhere.invalid/a1" });
    });
    const subject = await subjectOfUrl(urlInput(`${origin}/upload`));
    await subject.close();
    assert.equal(subject.inferred.verify?.readBack.url, null);
    assert.deepEqual(subject.target.promises?.id, { pointer: "/id" });
    assert.ok(asked.length < 30, `${asked.length} requests`);
  });

  test("the service's own document is believed where it says something", async (t) => {
    const schema = {
      type: "object",
      required: ["photo", "title"],
      properties: {
        photo: { type: "string", format: "binary" },
        title: { type: "string", maxLength: 12 },
        note: { type: "string" },
      },
    };
    const post = {
      requestBody: {
        content: { "multipart/form-data": { schema, encoding: { photo: { contentType: "image/png" } } } },
      },
      responses: { 201: {}, 422: {} },
      security: [{ token: [] }],
    };
    const document = {
      openapi: "3.1.0",
      paths: { "/users/{user}/photos": { post }, "/photos/{photo}": { get: {}, delete: {} } },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    };
    const store = new Store();
    const origin = await served(t, (got, res) => {
      if (got.path === "/openapi.json") return json(res, 200, document);
      if (got.method === "GET") return store.give(got.path, res);
      json(res, 201, { id: store.keep(fileIn(got) ?? Buffer.alloc(0)) });
    });
    const headers = ["Authorization: Bearer of-ann-0123456789", "X-Tenant: t1"];
    const subject = await subjectOfUrl(urlInput(`${origin}/users/7/photos`, { headers }));
    const { target, inferred } = subject;
    assert.deepEqual([target.file.field, target.fields.map(({ name }) => name)], ["photo", ["title"]]);
    assert.deepEqual([target.acceptedStatuses, target.headers], [[201], ["X-Tenant: t1"]]);
    // That it reads one file does not say that it refuses a second one.
    assert.equal(subject.target.unpromised?.has("count"), true);
    for (const topic of ["types", "callers"] as const)
      assert.equal(target.unpromised?.has(topic), false, topic);
    assert.deepEqual(inferred.verify?.cleanup, { method: "DELETE", path: "/photos/{id}" });
    assert.deepEqual(await target.identities?.main.lines(), [headers[0]]);
    const [forged] = (await target.identities?.forged?.lines()) ?? [];
    assert.ok(forged !== undefined && forged !== headers[0] && forged.startsWith("Authorization: Bearer "));
    assert.ok(subject.secrets().includes("of-ann-0123456789"));
    await subject.close();
  });

  test("the flow that is drafted loads, is off, holds no secret, and leads to the same route", async (t) => {
    const store = new Store();
    const origin = await served(t, (got, res) => {
      if (got.method !== "POST") return store.give(got.path, res);
      json(res, 201, { id: store.keep(fileIn(got) ?? Buffer.alloc(0)) });
    });
    const subject = await subjectOfUrl(
      urlInput(`${origin}/api/v1/photos?x=1`, {
        headers: ["Authorization: Bearer of-ann-0123456789", "X-Tenant: t1", "X-Session-Id: s3cr3t"],
        texts: new Map([["ca: ption", 'a "quoted" # text']]),
        sizeBytesMax: 123_457,
      }),
    );
    const { name, files } = draftFlow(subject);
    await subject.close();
    assert.deepEqual([name, [...files.keys()]], ["photos", ["flow.yaml", "samples/photo.png"]]);
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(folder, name, path)), { recursive: true });
      await writeFile(join(folder, name, path), bytes);
    }
    const text = Buffer.from(files.get("flow.yaml") ?? []).toString();
    assert.doesNotMatch(text, /of-ann|s3cr3t|undefined|null/);
    const { flow } = await readingOf(join(folder, name, "flow.yaml"));
    assert.equal(flow.mode, "off");
    assert.deepEqual(flow.verify?.credentials?.main, "env:UPLOAD_CREDENTIAL");
    const again = await flowTarget({ ...at, flow });
    const { target } = subject;
    assert.deepEqual(again.target.file, target.file);
    assert.deepEqual(again.target.fields, target.fields);
    assert.deepEqual([again.target.method, again.target.path], ["POST", "/api/v1/photos"]);
    assert.deepEqual(again.target.headers, ["X-Tenant: t1"]);
  });

  test("what cannot be checked is told before anything is sent, without repeating a secret", async () => {
    const invalid = async (url: string, more: Partial<UrlTargetInput>, words: RegExp) =>
      assert.rejects(subjectOfUrl(urlInput(url, more)), (error) => {
        assert.ok(error instanceof GateError && error.code === "CHECK_TARGET_INVALID", String(error));
        assert.match(error.message, words);
        return true;
      });
    const url = "http://127.0.0.1:1/x";
    await invalid("upload", {}, /is not an http or https URL; write it like/);
    await invalid("http://ann:pw@127.0.0.1:1/x", {}, /ends up in logs/);
    await invalid(url, { method: "GET" }, /write POST, PUT or PATCH/);
    await invalid(url, { headers: ["s3cr3t"] }, /^((?!s3cr3t).)*$/);
    await invalid(url, { types: ["image/pgn"] }, /Did you mean "?image\/png/);
    await invalid(url, { types: ["pdf"] }, /is of image\/png, which --types does not list/);
    await invalid(url, { sizeBytesMax: 10 }, /more than --max-size/);
    await assert.rejects(subjectOfUrl(urlInput(url, { sample: "/no/such.png" })), { code: "SAMPLE_MISSING" });
  });

  test("a subject is made also where nobody answers", async () => {
    const subject = await subjectOfUrl(urlInput("http://127.0.0.1:1/x"));
    assert.equal(subject.about.serves, null);
    await subject.close();
  });
});
