/**
 * The commands about flow files, as a person would run them one after the other in one folder.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline, Readable } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { GateError } from "../problems/gate-error.ts";
import { explainCommand } from "./explain.ts";
import { initCommand } from "./init.ts";
import type { CommandIo } from "./io.ts";
import { lintCommand } from "./lint.ts";
import { modeCommand } from "./mode.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SMALLEST = readFileSync(join(ROOT, "fixtures/flows/good-smallest.yaml"), "utf8");
/** With all that a reviewer asks for, but for a recorded answer and what was practised. */
const GOOD = `${SMALLEST.replace("{ caller: public }", "{ caller: public, concurrent: 2 }")}noticed: the page
failure: { upstream-down: refuse }
rollback: { note: Turn it off., tried: ${new Date().toISOString().slice(0, 10)} }
`;
const RECORDED =
  '{"schema":"sluicegate-recorded-answer/1","recordedAt":"2026-11-22T12:00:00Z","status":201,"headers":{},"bodyKind":"empty","volatile":[],"example":null}';
/** What lint asks for beside flow.yaml. */
function putPractised(flow: string): void {
  const startedAtMs = Date.now();
  const today = new Date(startedAtMs).toISOString().slice(0, 10);
  put(`${flow}/expected/created.answer.json`, RECORDED);
  put(`${flow}/baseline.json`, JSON.stringify({ startedAtMs }));
  put(`${flow}/drills/${today}-killed.md`, "# Drill\n");
}

const OPENAPI = join(ROOT, "fixtures/openapi/fastapi-0.165.json");
const SETTINGS = "upstreams: { accounts: { url: http://127.0.0.1:8000 } }\n";
const home = process.cwd();
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluicegate-commands-"));
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

function put(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function terminal(): CommandIo & { readonly said: string[]; readonly failed: string[] } {
  const said: string[] = [];
  const failed: string[] = [];
  return {
    said,
    failed,
    isTerminal: false,
    out: (line) => said.push(line),
    err: (line) => failed.push(line),
  };
}

function endlessSpaces(): Readable {
  return new Readable({
    read() {
      this.push(Buffer.alloc(64 * 1024, " "));
    },
  });
}

const noGate = async (): Promise<string> => {
  throw new GateError("OPERATOR_UNREACHABLE", { message: "No gate answers." });
};

test("lint finds the settings beside it, says what is wrong by relative path, and counts what is fine", async () => {
  put("sluicegate.yaml", SETTINGS);
  put("flows/avatars/flow.yaml", GOOD);
  putPractised("flows/avatars");
  const io = terminal();
  assert.equal(await lintCommand({}, io), 0);
  assert.deepEqual(io.said, ["1 flow in flows: fine."]);
  put(
    "flows/broken/flow.yaml",
    GOOD.replace("avatars", "broken").replace("enforce", "enfoce").replace("/avatars", "/b"),
  );
  const second = terminal();
  assert.equal(await lintCommand({}, second), 1);
  assert.deepEqual(second.said, [
    'flows/broken/flow.yaml:4:7: error: mode: "enfoce" is not known here. Did you mean "enforce"? Known: off, observe and enforce.',
    "1 problem; 1 of 2 flows in flows fine.",
  ]);
});

test("lint says once, and last, what it has to say of many flows alike", async () => {
  put("sluicegate.yaml", SETTINGS);
  const names = ["avatars", "invoices", "pictures"];
  for (const name of names) {
    const unbounded = name === "pictures" ? GOOD.replace(", concurrent: 2", "") : GOOD;
    put(
      `flows/${name}/flow.yaml`,
      unbounded.replace("flow: avatars", `flow: ${name}`).replace("/api/avatars", `/api/${name}`),
    );
  }
  const io = terminal();
  assert.equal(await lintCommand({}, io), 0);
  const rules = io.said.map((line) => /\[(REVIEW-[A-Z-]+)\]/.exec(line)?.[1] ?? "");
  assert.equal(rules[0], "REVIEW-PUBLIC-UNLIMITED");
  assert.equal(new Set(rules).size, rules.length, io.said.join("\n"));
  const never = io.said.find((line) => line.includes("REVIEW-DRILL-NEVER")) ?? "";
  assert.match(
    never,
    /^flows\/avatars\/flow\.yaml:\d+:\d+: warning: .* The same of 2 more: invoices, pictures\.$/,
  );
  const json = terminal();
  await lintCommand({ format: "json" }, json);
  const { review } = JSON.parse(json.said.join("\n"));
  assert.equal(review.filter(({ rule }: { rule: string }) => rule === "REVIEW-DRILL-NEVER").length, 3);
});

test("lint gives the same as JSON", async () => {
  put("sluicegate.yaml", SETTINGS);
  put("flows/avatars/flow.yaml", GOOD.replace("upstream: accounts", "upstream: elsewhere"));
  const io = terminal();
  assert.equal(await lintCommand({ format: "json" }, io), 1);
  const result = JSON.parse(io.said.join("\n"));
  assert.deepEqual(
    [result.ok, result.flows, result.fine, result.problems.length],
    [false, ["avatars"], [], 1],
  );
  assert.deepEqual([result.problems[0].line, result.problems[0].path], [16, "upstream"]);
});

test("lint tells after the errors what is legal and unwise; only strict makes that count", async () => {
  put("sluicegate.yaml", SETTINGS);
  put("flows/avatars/flow.yaml", GOOD.replace(", concurrent: 2", ""));
  putPractised("flows/avatars");
  put("flows/broken/flow.yaml", "flow: broken\n");
  const io = terminal();
  assert.equal(await lintCommand({}, io), 1);
  assert.ok(io.said.slice(0, -2).every((line) => line.includes(": error: ")));
  assert.match(
    io.said.at(-2) ?? "",
    /^flows\/avatars\/flow\.yaml:14:24: warning: permissions\.caller: anybody may send, .* \[REVIEW-PUBLIC-UNLIMITED\]$/,
  );
  assert.match(io.said.at(-1) ?? "", /problems; 1 of 2 flows in flows fine; 1 thing to think about/);
  rmSync(join(folder, "flows/broken"), { recursive: true });
  assert.equal(await lintCommand({}, terminal()), 0);
  assert.equal(await lintCommand({ strict: true }, terminal()), 1);
  const json = terminal();
  assert.equal(await lintCommand({ format: "json" }, json), 0);
  const { problems, review, ok } = JSON.parse(json.said.join("\n"));
  assert.deepEqual([problems, ok, review.length], [[], true, 1]);
  assert.deepEqual(Object.keys(review[0]).sort(), [
    "code",
    "column",
    "file",
    "line",
    "message",
    "path",
    "remedy",
    "rule",
    "severity",
    "why",
  ]);
  put("flows/avatars/flow.yaml", GOOD);
  assert.equal(await lintCommand({ strict: true }, terminal()), 0);
});

test("lint looks at waivers, at the recorded answer, and at the checks that a flow names", async () => {
  put("sluicegate.yaml", SETTINGS);
  const verify = (id: string) =>
    `verify: { hooks: { stored: ls }, manual: [{ check: ${id}, result: pass, who: Ada, when: 2026-11-01, note: x }] }\n`;
  put("flows/avatars/flow.yaml", GOOD + verify("UPL-FM-99"));
  putPractised("flows/avatars");
  put("flows/avatars/expected/created.answer.json", "{}");
  const waiver = (id: string, until: string) =>
    `- { check: ${id}, until: ${until}, reason: x, owner: Ada, added: 2026-11-01 }\n`;
  put("flows/avatars/waivers.yaml", waiver("UPL-TR-99", "2026-12-24") + waiver("UPL-TR-01", "2026-11-24"));
  const io = terminal();
  assert.equal(await lintCommand({}, io, new Date("2026-11-22T23:59:59Z")), 1);
  const expected = [
    /^flows\/avatars\/flow\.yaml:20:\d+: error: verify\.manual\.0\.check: there is no check UPL-FM-99/,
    /^flows\/avatars\/waivers\.yaml:1:12: error: 0\.check: there is no check UPL-TR-99/,
    /^flows\/avatars\/expected:1:1: error: .*created\.answer\.json is not what sluicegate record writes/,
    /^flows\/avatars\/waivers\.yaml:2:12: warning: UPL-TR-01: the waiver of Ada runs out on 2026-11-24/,
    /^3 problems; 0 of 1 flow in flows fine; 1 thing to think about/,
  ];
  assert.equal(io.said.length, expected.length, io.said.join("\n"));
  for (const [index, line] of expected.entries()) assert.match(io.said[index] ?? "", line);
});

test("mode refuses to switch the gate on over what only the service promises, and says why", async () => {
  const text = `${GOOD.replace("mode: enforce", "mode: off")}inspect: { malware: required }\n`;
  put("flows/avatars/flow.yaml", text);
  const io = terminal();
  assert.equal(await modeCommand({ flow: "avatars", mode: "enforce" }, io, noGate), 2);
  assert.match(
    io.failed[0] ?? "",
    /^Nothing was changed: flows\/avatars\/flow\.yaml:20:21: error: inspect\.malware: "required" is known, but not built yet: .* With mode: off it may stand/,
  );
  assert.equal(readFileSync("flows/avatars/flow.yaml", "utf8"), text);
});

test("lint without settings looks into ./flows and says that upstreams were not checked", async () => {
  put("flows/avatars/flow.yaml", GOOD);
  putPractised("flows/avatars");
  const io = terminal();
  assert.equal(await lintCommand({}, io), 0);
  assert.deepEqual(io.said, [
    "1 flow in flows: fine. Upstream names were not checked: there are no settings.",
  ]);
});

test("lint of no flows is a warning, of settings with problems 1, of settings that are not there 2", async () => {
  const io = terminal();
  assert.equal(await lintCommand({}, io), 0);
  assert.match(io.said[0] ?? "", /^flows:1:1: warning: there is no such folder/);
  put("sluicegate.yaml", "upstrems: {}\n");
  const second = terminal();
  assert.equal(await lintCommand({}, second), 1);
  assert.match(second.said[0] ?? "", /^sluicegate\.yaml:1:1: error: .*Did you mean "upstreams"/);
  assert.match(second.said[1] ?? "", /the flows were not looked at/);
  assert.equal(await lintCommand({ settings: "nowhere.yaml" }, terminal()), 2);
  assert.equal(await lintCommand({ format: "xml" }, terminal()), 2);
});

test("explain tells a flow that is fine even where another is not", async () => {
  put("sluicegate.yaml", SETTINGS);
  put("flows/avatars/flow.yaml", GOOD);
  put("flows/broken/flow.yaml", "x: [");
  const io = terminal();
  assert.equal(await explainCommand({ flow: "avatars" }, io), 0);
  assert.match(io.said.join("\n"), /^avatars: Profile picture/);
  const broken = terminal();
  assert.equal(await explainCommand({ flow: "broken" }, broken), 1);
  assert.match(broken.failed[0] ?? "", /^flows\/broken\/flow\.yaml:\d+:\d+: error: /);
});

test("a flow that is not there is answered with the nearest name", async () => {
  put("flows/avatars/flow.yaml", GOOD);
  const expected = 'There is no flow "avatar" in flows. Did you mean "avatars"? There are: avatars.';
  for (const run of [
    (io: CommandIo) => explainCommand({ flow: "avatar" }, io),
    (io: CommandIo) => modeCommand({ flow: "avatar", mode: "off" }, io, noGate),
    (io: CommandIo) => modeCommand({ flow: "avatar", mode: "off", flows: "flows" }, io, noGate),
  ]) {
    const io = terminal();
    assert.equal(await run(io), 2);
    assert.deepEqual(io.failed, [expected]);
  }
});

test("mode changes the word, tells the gate of the settings, and says what came of it", async () => {
  put("sluicegate.yaml", `${SETTINGS}listen: { operator: { address: 127.0.0.1:9999 } }\n`);
  put("flows/avatars/flow.yaml", GOOD);
  const io = terminal();
  const told: number[] = [];
  const code = await modeCommand({ flow: "avatars", mode: "observe" }, io, async ({ listen }) => {
    assert.match(readFileSync("flows/avatars/flow.yaml", "utf8"), /^mode: observe$/m);
    told.push(listen.operator.port);
    return "The gate took 1 flow.";
  });
  assert.equal(code, 0);
  assert.deepEqual(told, [9999]);
  assert.equal(io.said[0], "avatars: enforce → observe in flows/avatars/flow.yaml.");
  assert.equal(io.said.at(-1), "The gate took 1 flow.");
});

test("mode says when nothing had to change, and when no gate runs", async () => {
  put("flows/avatars/flow.yaml", GOOD);
  const io = terminal();
  assert.equal(await modeCommand({ flow: "avatars", mode: "enforce" }, io, noGate), 0);
  assert.equal(io.said[0], "avatars is in mode enforce already.");
  assert.deepEqual(io.failed, ["No gate answers. It holds from the next start on."]);
});

test("mode is 1 where the running gate did not take the new set", async () => {
  put("flows/avatars/flow.yaml", GOOD);
  const io = terminal();
  const refused = async (): Promise<string> => {
    throw new GateError("FLOW_INVALID", { message: "flows/other/flow.yaml:1:1: error: x" });
  };
  assert.equal(await modeCommand({ flow: "avatars", mode: "off" }, io, refused), 1);
  assert.match(io.failed[0] ?? "", /The gate goes on with what it had\.$/);
  assert.match(readFileSync("flows/avatars/flow.yaml", "utf8"), /^mode: off$/m);
});

test("mode refuses a word that is no mode, and a file that it cannot read", async () => {
  put("flows/avatars/flow.yaml", GOOD.replace("[multipart]", "[multipart"));
  const io = terminal();
  assert.equal(await modeCommand({ flow: "avatars", mode: "enforced" }, io, noGate), 2);
  assert.match(io.failed[0] ?? "", /off, observe or enforce, not "enforced"\. Did you mean "enforce"\?/);
  assert.equal(await modeCommand({ flow: "avatars", mode: "off" }, io, noGate), 2);
  assert.match(
    io.failed[1] ?? "",
    /^Nothing was changed: flows\/avatars\/flow\.yaml:9:1: error: not valid YAML/,
  );
});

test("init drafts a folder for each route, and lint names in each what only a person can know", async () => {
  const io = terminal();
  assert.equal(await initCommand({ openapi: OPENAPI, into: "flows" }, io), 0);
  assert.deepEqual(readdirSync("flows").sort(), [
    "avatars",
    "b",
    "imports",
    "many",
    "model",
    "only-bytes",
    "users-docs",
  ]);
  const lint = terminal();
  assert.equal(await lintCommand({}, lint), 1);
  const problems = lint.said.slice(0, -1);
  for (const line of problems) assert.match(line, /: this is still to be written: /);
  const ofAvatars = problems
    .filter((line) => line.startsWith("flows/avatars/"))
    .map((line) => line.split(": ")[2]);
  assert.deepEqual(ofAvatars, [
    "owner",
    "noticed",
    "accept.files.picture.types",
    "accept.files.picture.max-size",
    "permissions.caller",
  ]);
});

test("a draft in which a person wrote what was missing loads", async () => {
  await initCommand({ openapi: OPENAPI, into: "flows", upstream: "accounts" }, terminal());
  for (const name of readdirSync("flows")) {
    const file = join("flows", name, "flow.yaml");
    const written = readFileSync(file, "utf8")
      .replace("owner: STILL-TO-WRITE", "owner: the team")
      .replace("noticed: STILL-TO-WRITE", "noticed: the page")
      .replaceAll("types: STILL-TO-WRITE", "types: any")
      .replaceAll("max-size: STILL-TO-WRITE", "max-size: 1 MiB")
      .replaceAll("max-length: STILL-TO-WRITE", "max-length: 10")
      .replaceAll("count: STILL-TO-WRITE", "count: 3")
      .replace("caller: STILL-TO-WRITE", "caller: public");
    writeFileSync(file, written);
  }
  put("sluicegate.yaml", SETTINGS);
  const io = terminal();
  assert.equal(await lintCommand({}, io), 0, io.said.join("\n"));
  assert.match(io.said.at(-1) ?? "", /^7 flows in flows: fine; \d+ things to think about/);
});

test("init never overwrites what is there", async () => {
  put("flows/avatars/notes.md", "mine");
  put("flows/b", "a file");
  const io = terminal();
  assert.equal(await initCommand({ openapi: OPENAPI, into: "flows" }, io), 0);
  assert.deepEqual(readdirSync("flows/avatars"), ["notes.md"]);
  assert.equal(readFileSync("flows/b", "utf8"), "a file");
  assert.match(io.said.join("\n"), /flows\/avatars: POST \/api\/avatars is there already, left as it is/);
  const first = readFileSync("flows/many/flow.yaml", "utf8");
  await initCommand({ openapi: OPENAPI, into: "flows", upstream: "another" }, terminal());
  assert.equal(readFileSync("flows/many/flow.yaml", "utf8"), first);
});

test("init asks a running service, follows no redirect and takes no document without end", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/openapi.json") return void response.end(readFileSync(OPENAPI));
    if (request.url === "/moved")
      return void response.writeHead(307, { location: "http://192.0.2.1/" }).end();
    if (request.url === "/endless") return void pipeline(endlessSpaces(), response, () => {});
    response.writeHead(404).end("no");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    assert.equal(await initCommand({ openapi: `${origin}/openapi.json`, into: "flows" }, terminal()), 0);
    assert.equal(existsSync("flows/avatars/flow.yaml"), true);
    const table: [string, RegExp][] = [
      ["/moved", /status 307 and points to http:\/\/192\.0\.2\.1\//],
      ["/nothing", /status 404/],
      ["/endless", /larger than 16 MiB/],
    ];
    for (const [path, message] of table) {
      const io = terminal();
      assert.equal(await initCommand({ openapi: origin + path, into: "none" }, io), 2);
      assert.match(io.failed[0] ?? "", message);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
  const io = terminal();
  assert.equal(await initCommand({ openapi: `${origin}/openapi.json`, into: "none" }, io), 2);
  assert.match(io.failed[0] ?? "", /is the service running/);
  assert.equal(existsSync("none"), false);
});

test("init says why a document gives no flows", async () => {
  put("empty.json", '{"openapi":"3.1.0","paths":{}}');
  put(
    "get.json",
    '{"openapi":"3.1.0","paths":{"/x":{"delete":{"requestBody":{"content":{"image/png":{}}}}}}}',
  );
  put("swagger.json", '{"swagger":"2.0"}');
  const run = async (openapi: string): Promise<[number, string]> => {
    const io = terminal();
    return [await initCommand({ openapi, into: "flows" }, io), io.failed.join("\n")];
  };
  const [emptyCode, empty] = await run("empty.json");
  assert.deepEqual([emptyCode, /No operation/.test(empty)], [1, true]);
  const [getCode, get] = await run("get.json");
  assert.deepEqual([getCode, /DELETE \/x takes a file, but/.test(get)], [1, true]);
  const [swaggerCode, swagger] = await run("swagger.json");
  assert.deepEqual([swaggerCode, /not an OpenAPI 3 document/.test(swagger)], [2, true]);
  const [missingCode, missing] = await run("nowhere.json");
  assert.deepEqual([missingCode, /no such file/.test(missing)], [2, true]);
  assert.equal(existsSync("flows"), false);
});
