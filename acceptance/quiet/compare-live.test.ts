/**
 * `sluicegate compare` tells the truth about a real service: FastAPI, SQLAlchemy on SQLite, a real cache; one variable switched at a time, and two.
 *
 * Effects are large and come from a fixed amount of work, segments are short and the median decides: what is shown is that the verdict is right, not how
 * small a change it can see (the judge's own simulation shows that). A machine that is too busy to measure is told as INVALID, and asked again.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
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

const SHORT = ["--pairs", "8", "--requests", "32", "--rate", "80/s", "--json"];
const TRIES = Number(process.env.TRIES ?? 3);

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

/** Until the machine could be measured on. */
async function comparedBy(
  scenario: string,
  args: readonly string[],
  prepare?: () => Promise<void>,
): Promise<ToldComparison> {
  for (let left = TRIES - 1; ; left -= 1) {
    await prepare?.();
    const compared = await place.run(["compare", "pictures", ...args, ...SHORT]);
    const comparison = read(compared);
    if (comparison.verdict === "INVALID" && left > 0) continue;
    told.push({ scenario, comparison });
    const exits: Readonly<Record<string, number>> = {
      FASTER: 0,
      SAME: 0,
      SLOWER: 1,
      "WORSE ERRORS": 1,
      INCONCLUSIVE: 3,
    };
    assert.equal(
      compared.exitCode,
      exits[comparison.verdict] ?? (/^(REFUSED|INVALID)/.test(comparison.verdict) ? 5 : 0),
    );
    return comparison;
  }
}

async function compared(
  scenario: string,
  before: Variables,
  after: Variables,
  warm?: readonly [number, number],
) {
  const args = ["--a", a.origin, "--b", b.origin, "--variable", "git.commit"];
  return comparedBy(scenario, args, async () => {
    await a.become({ commit: "1a2b", ...before });
    await b.become({ commit: "3c4d", ...after });
    if (warm !== undefined) await Promise.all([a.warm(warm[0]), b.warm(warm[1])]);
  });
}

const why = ({ verdict, sentence, reasons }: ToldComparison): string =>
  `${verdict}\n${sentence}\n${reasons.join("\n")}`;

describe("comparing a real service", { concurrency: 1 }, () => {
  test("a changed second variable is refused before there is any load", async () => {
    const result = await compared("a second variable changed", {}, { sheet_level: 1 });
    assert.equal(result.verdict, "REFUSED CONFOUNDED", why(result));
    assert.match(result.sentence, /SHEET_LEVEL/);
  });

  test("no change is neither faster nor slower", async () => {
    const result = await compared("no change", {}, {});
    assert.match(result.verdict, /^(SAME|INCONCLUSIVE|DETECTABLE BUT TINY)$/, why(result));
  });

  test("a sleep that was added is slower", async () => {
    const result = await compared("a sleep added", {}, { sleep_ms: 25 });
    assert.equal(result.verdict, "SLOWER", why(result));
  });

  test("a sleep that was removed is faster", async () => {
    const result = await compared("a sleep removed", { commit: "0f0f", sleep_ms: 25 }, {});
    assert.equal(result.verdict, "FASTER", why(result));
  });

  test("more errors that are fast are worse", async () => {
    const result = await compared("more errors, fast", {}, { fail_percent: 15 });
    assert.equal(result.verdict, "WORSE ERRORS", why(result));
  });

  test("a cache that is warmer than before is not a faster service", async () => {
    const isDeclared = place.rewriteFlow((text) =>
      text.replace(/^measure:\n/m, "measure:\n  caches: { sheets: {} }\n"),
    );
    await isDeclared;
    const result = await compared("a cache warmed by itself", { cache: "told" }, { cache: "told" }, [15, 60]);
    await place.rewriteFlow((text) => text.replace(/^ {2}caches:.*\n/m, ""));
    assert.equal(result.verdict, "REFUSED CACHE MIX MOVED", why(result));
  });

  test("an N+1 query that became a join is faster, behind a gate and switched by a command", async () => {
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
        [...args, "--variable", "git.commit", "--expect", "-30%"],
        () => a.become({}),
      );
      assert.equal(result.verdict, "FASTER", why(result));
      const database = result.rows.find(({ name }) => name === "database");
      assert.match(`${database?.before} → ${database?.after}`, /41.* → .*\b3\b/);
    } finally {
      await gate.stop();
    }
  });

  test("what was kept gives the same verdict again, and a changed line is noticed", async () => {
    const last = told.at(-1)?.comparison;
    assert.ok(last !== undefined);
    const again = await place.run(["compare", "--again", last.id, "--json"]);
    assert.deepEqual(read(again), last);
  });
});

after(() => {
  const width = Math.max(...told.map(({ scenario }) => scenario.length));
  for (const { scenario, comparison } of told)
    process.stdout.write(`# ${scenario.padEnd(width)}  ${comparison.verdict}: ${comparison.sentence}\n`);
});
