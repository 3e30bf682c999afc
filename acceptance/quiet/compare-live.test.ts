/**
 * `sluicegate compare` tells the truth about a real service: FastAPI, SQLAlchemy on SQLite, a real cache; one variable switched at a time, and two.
 *
 * Effects are large and come from a fixed amount of work, segments are short and the median decides: what is shown is that the verdict is right, not how
 * small a change it can see (the judge's own simulation shows that). A machine that is too busy to measure is told as INVALID and asked again, a few times;
 * if it is still so, that this was said is all that is asked of it. Any other verdict than the right one fails.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { type GateUnderTest, startGate } from "../gate-under-test.ts";
import {
  type Compared,
  type ComparePlace,
  type MeasuredService,
  openComparePlace,
  startMeasuredService,
  type ToldComparison,
  type Variables,
} from "../measured-service.ts";

/** Two pairs may be lost to a machine that is busy for a moment, and the eight that are needed are left. */
const SHORT = ["--pairs", "10", "--requests", "32", "--json"];
const RATE = ["--rate", "100/s"];
/** All scenarios together may be asked again so often. */
const TRIES_MORE = 2;

interface Told {
  readonly scenario: string;
  readonly comparison: ToldComparison;
}

let a: MeasuredService;
let b: MeasuredService;
let place: ComparePlace;
const told: Told[] = [];

before(async () => {
  [a, b, place] = await Promise.all([startMeasuredService(), startMeasuredService(), openComparePlace()]);
  // Removing a thousand uploads after each scenario would take longer than measuring: one scenario shows it.
  await place.rewriteFlow((text) => text.replace(/^ {2}cleanup:.*\n/m, ""));
});

after(async () => {
  await Promise.all([a?.stop(), b?.stop(), place?.remove()]);
});

function read({ out, err }: Compared): ToldComparison {
  try {
    return JSON.parse(out) as ToldComparison;
  } catch {
    throw new Error(`no comparison:\n${out}\n${err}`);
  }
}

/** For a machine that is known to be quiet: there INVALID is a failure, too. Without it a green run may have shown nothing; the table says which. */
const MUST_TELL = process.env.COMPARE_MUST_TELL === "1";

const EXITS: Readonly<Record<string, number>> = {
  FASTER: 0,
  SAME: 0,
  "DETECTABLE BUT TINY": 0,
  SLOWER: 1,
  "WORSE ERRORS": 1,
  INCONCLUSIVE: 3,
};

let triesMore = TRIES_MORE;

/** Again where the machine could not be measured on. */
async function comparedBy(
  scenario: string,
  args: readonly string[],
  prepare: () => Promise<void>,
): Promise<ToldComparison> {
  for (;;) {
    await prepare();
    const ran = await place.run(["compare", "pictures", ...args, ...SHORT]);
    const comparison = read(ran);
    assert.equal(ran.exitCode, EXITS[comparison.verdict] ?? 5, comparison.sentence);
    if (comparison.verdict === "INVALID" && triesMore > 0) {
      triesMore -= 1;
      continue;
    }
    told.push({ scenario, comparison });
    return comparison;
  }
}

/** The verdict is the right one, or that nothing can be told here. */
function assertVerdict(t: TestContext, comparison: ToldComparison, wanted: RegExp): boolean {
  const { verdict, sentence, reasons } = comparison;
  if (verdict === "INVALID" && !MUST_TELL) {
    assert.match(sentence, /too busy to measure|cannot be measured on now|by itself|ended early/);
    t.diagnostic(sentence);
    return false;
  }
  assert.match(verdict, wanted, [verdict, sentence, ...reasons].join("\n"));
  return true;
}

async function compared(
  scenario: string,
  before: Variables,
  after: Variables,
  warm?: readonly [number, number],
) {
  const args = ["--a", a.origin, "--b", b.origin, "--variable", "git.commit", ...RATE];
  return comparedBy(scenario, args, async () => {
    await a.become({ commit: "1a2b", ...before });
    await b.become({ commit: "3c4d", ...after });
    if (warm !== undefined) await Promise.all([a.warm(warm[0]), b.warm(warm[1])]);
  });
}

describe("comparing a real service", { concurrency: 1 }, () => {
  test("a changed second variable is refused before there is any load", async (t) => {
    const result = await compared("a second variable changed", {}, { sheet_level: 1 });
    assertVerdict(t, result, /^REFUSED CONFOUNDED$/);
    assert.match(result.sentence, /SHEET_LEVEL/);
  });

  test("no change is neither faster nor slower", async (t) => {
    const result = await compared("no change", {}, {});
    assertVerdict(t, result, /^(SAME|INCONCLUSIVE|DETECTABLE BUT TINY)$/);
  });

  test("a sleep that was added is slower", async (t) => {
    const result = await compared("a sleep added", {}, { sleep_ms: 80 });
    assertVerdict(t, result, /^SLOWER$/);
  });

  test("a sleep that was removed is faster", async (t) => {
    const result = await compared("a sleep removed", { commit: "0f0f", sleep_ms: 80 }, {});
    assertVerdict(t, result, /^FASTER$/);
  });

  test("more errors that are fast are worse", async (t) => {
    const result = await compared("more errors, fast", {}, { fail_percent: 15 });
    assertVerdict(t, result, /^WORSE ERRORS$/);
  });

  test("a cache that is warmer than before is not a faster service", async (t) => {
    await place.rewriteFlow((text) => text.replace(/^measure:\n/m, "measure:\n  caches: { sheets: {} }\n"));
    try {
      const result = await compared(
        "a cache warmed by itself",
        { cache: "told" },
        { cache: "told" },
        [15, 60],
      );
      assertVerdict(t, result, /^REFUSED CACHE MIX MOVED$/);
    } finally {
      await place.rewriteFlow((text) => text.replace(/^ {2}caches:.*\n/m, ""));
    }
  });

  test("an N+1 query that became a join is faster, behind a gate and switched by a command", async (t) => {
    const gate: GateUnderTest = await startGate({
      upstream: a.origin,
      flows: [`${place.flows}/pictures`],
      passThrough: true,
      settings: "signals: { server-timing: true }",
      within: ["nice", "-n", "5"],
    });
    try {
      const operate = `SERVICE_ORIGIN=${a.origin} "$SERVICE_PYTHON" -m measured.operate become`;
      const command = `case {arm} in before) ${operate} commit=1a2b query=n-plus-one;; after) ${operate} commit=3c4d query=join;; esac`;
      const args = ["--switch", command, "--a", "before", "--b", "after", "--target", gate.origin];
      const result = await comparedBy(
        "N+1 became a join, behind a gate",
        [...args, "--variable", "git.commit", "--expect", "-30%", "--rate", "50/s"],
        () => a.become({}),
      );
      if (!assertVerdict(t, result, /^FASTER$/)) return;
      const database = result.rows.find(({ name }) => name === "database");
      assert.match(`${database?.before} → ${database?.after}`, /41.* → .*\b3\b/);
    } finally {
      await gate.stop();
    }
  });

  test("an interrupt judges what there is, as inconclusive at best", async () => {
    const args = ["--a", a.origin, "--b", b.origin, "--variable", "git.commit", ...RATE, ...SHORT];
    await a.become({ commit: "1a2b" });
    await b.become({ commit: "3c4d", sleep_ms: 80 });
    const ran = await place.run(["compare", "pictures", ...args], { interruptAt: "A and B: 25 %" });
    const { verdict, reasons } = read(ran);
    assert.match(verdict, /^(INCONCLUSIVE|INVALID)$/);
    assert.match(reasons.join(" "), /interrupted after \d of 10 pairs/);
  });

  test("what was kept gives the same verdict again, and a changed line is noticed", async () => {
    const last = told.at(-1)?.comparison;
    assert.ok(last !== undefined);
    const again = await place.run(["compare", "--again", last.id, "--json"]);
    assert.deepEqual(read(again), last);
    const requests = join(place.folder, ".sluicegate/comparisons", last.id, "requests.ndjson");
    await writeFile(requests, (await readFile(requests, "utf8")).replace('"status":201', '"status":202'));
    const changed = await place.run(["compare", "--again", last.id]);
    assert.equal(changed.exitCode, 2);
    assert.match(changed.err, /is not what was measured/);
  });
});

after(() => {
  const width = Math.max(...told.map(({ scenario }) => scenario.length));
  for (const { scenario, comparison } of told)
    process.stdout.write(`# ${scenario.padEnd(width)}  ${comparison.verdict}: ${comparison.sentence}\n`);
});
