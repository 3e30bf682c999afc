import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { sampleFlow } from "../../../fixtures/console/sample-facts.ts";
import type { Flow } from "../../flows/flow.ts";
import { connectUpstream } from "../../upstream/connect-upstream.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { PollJobs } from "./poll-jobs.ts";

let answer: (res: ServerResponse) => void = (res) => res.end();
const server: Server = createServer((_req, res) => answer(res));
let upstream: Upstream;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  upstream = connectUpstream({ name: "service", url: `http://127.0.0.1:${port}`, timeoutMs: 2000 });
});

after(async () => {
  await upstream.close();
  server.close();
});

const base = await sampleFlow("documents");
const flow: Flow = {
  ...base,
  watch: {
    ...base.watch,
    jobs: { path: "/jobs", total: "/hour/total", failed: "/hour/failed", newest: "/hour/newest" },
  },
};

const start = (flows: readonly Flow[]): PollJobs =>
  new PollJobs({ flows: () => flows, upstreams: new Map([["service", upstream]]), now: () => 1000 });

const asJson = (value: unknown) => (res: ServerResponse) => void res.end(JSON.stringify(value));

async function told(by: (res: ServerResponse) => void, jobs = start([flow])) {
  answer = by;
  await jobs.look();
  return jobs.states()[0];
}

test("what a service tells is read by the pointers that the flow names", async () => {
  const state = await told(asJson({ hour: { total: 120, failed: 3, newest: "timeout\nin scan 7." } }));
  assert.deepEqual(state, {
    flow: "documents",
    told: { atMs: 1000, total: 120, failed: 3, newest: "timeout in scan 7" },
    trouble: null,
  });
});

test("a flow that names no path is not asked", async () => {
  const jobs = start([base]);
  await jobs.look();
  assert.deepEqual(jobs.states(), []);
});

test("what cannot be used is told as that, and what was told before is kept", async () => {
  const jobs = start([flow]);
  await told(asJson({ hour: { total: 5, failed: 0 } }), jobs);
  const troubles: readonly (readonly [(res: ServerResponse) => void, RegExp])[] = [
    [(res) => void res.writeHead(500).end(), /^\/jobs could not be read \(it answered 500\)$/],
    [(res) => void res.end("<p>"), /its answer is no JSON/],
    [asJson({ hour: { total: "5", failed: 0 } }), /there is no number at \/hour\/total/],
    [asJson({ hour: { total: 5, failed: -1 } }), /there is no number at \/hour\/failed/],
    [asJson({ hour: { total: 5, failed: 0 }, more: "x".repeat(100_000) }), /too long or broke off/],
    [(res) => void res.destroy(), /could not be read \(/],
  ];
  for (const [by, trouble] of troubles) {
    const state = await told(by, jobs);
    assert.match(state?.trouble ?? "", trouble);
    assert.equal(state?.told?.total, 5);
  }
});

test("more failures than jobs are still no more than all of them", async () => {
  assert.equal((await told(asJson({ hour: { total: 0, failed: 2 } })))?.told?.total, 2);
});

test("two looks at once are one question, and closing ends one that waits", async () => {
  let asked = 0;
  let heard: () => void = () => {};
  const isHeard = new Promise<void>((resolve) => {
    heard = resolve;
  });
  answer = () => {
    asked += 1;
    heard();
  };
  const jobs = start([flow]);
  const looks = [jobs.look(), jobs.look()];
  await isHeard;
  await jobs.close();
  await Promise.all(looks);
  assert.equal(asked, 1);
});
