import type { Check, Refusal, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import { ACCEPTED, refused, scenario, statusOf, together } from "../define-scenario.ts";
import { isAccepted } from "../judge.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import type { Identity } from "../promise.ts";
import type { Play, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";

const COUNT_MAX = 30;
const shareUsedUp: Refusal = {
  statuses: [413, 429, 507],
  gateCodes: ["QUOTA_EXCEEDED", "QUOTA_TOO_SMALL", "RATE_EXCEEDED", "CONCURRENCY_EXCEEDED"],
};
const tooMany: Refusal = { ...shareUsedUp, statuses: [429], headers: ["retry-after"] };

function limitsFiles({ promises }: Target): true | string {
  const filesMax = promises?.quota?.filesMax ?? null;
  if (filesMax === null) return "the route promises no quota of files";
  return filesMax <= COUNT_MAX || `a quota of ${filesMax} files is too large to use up`;
}

function limitsBytes({ promises, file }: Target): true | string {
  const bytesMax = promises?.quota?.bytesMax ?? null;
  if (bytesMax === null) return "the route promises no quota of bytes";
  return bytesMax / 2 + 1 <= file.sizeBytesMax || "half the quota is more than one file may have";
}

function limitsRate({ promises }: Target): true | string {
  const requestsMax = promises?.rate?.requestsMax;
  if (requestsMax === undefined) return "the route promises no rate";
  return requestsMax <= COUNT_MAX || `a rate of ${requestsMax} requests is too large to reach`;
}

/** Somebody whose shares are whole. @throws where nobody can be made */
async function somebodyNew(stage: Stage): Promise<Identity> {
  if (stage.hooks.issue === undefined) throw new Error("nobody can make a new identity");
  return stage.hooks.issue();
}

/** Somebody new sends as much as is allowed: nothing of it may be refused. */
function withinLimit(count: (target: Target) => number): Play {
  return async (stage) => {
    const identity = await somebodyNew(stage);
    const target = await stage.as(identity);
    for (let sent = 0; sent < count(target); sent += 1)
      await stage.send(`upload ${sent + 1} within the limit`, controlProbe(await stage.as(identity)), {
        expect: ACCEPTED,
      });
  };
}

const filesMax = (target: Target): number => target.promises?.quota?.filesMax ?? 0;
const rateMax = (target: Target): number => target.promises?.rate?.requestsMax ?? 0;

/** Sends so many at once, as somebody new, and counts the accepted ones. */
async function atOnce(stage: Stage, count: number, probeFor: typeof controlProbe): Promise<Exchange[]> {
  const identity = await somebodyNew(stage);
  const targets = await Promise.all(Array.from({ length: count }, () => stage.as(identity)));
  const probes = together(targets.map((target) => probeFor(target)));
  return Promise.all(probes.map((probe, at) => stage.send(`at once: ${at + 1}`, probe)));
}

function judgeBurst(stage: Stage, target: Target, exchanges: readonly Exchange[], most: number): void {
  const accepted = exchanges.filter((exchange) => isAccepted(target, exchange)).length;
  if (accepted > most) stage.complain(`${accepted} were accepted at once, at most ${most} may be`);
  const others = exchanges.filter((exchange) => !isAccepted(target, exchange));
  for (const other of others.filter((exchange) => !shareUsedUp.statuses.includes(statusOf(exchange))))
    stage.complain(`one of those at once was answered ${statusOf(other)}`);
}

/** UPL-PM-10: more than one's share. */
export const quotaAndRate: Check = {
  id: "UPL-PM-10",
  title: "Nobody takes more than their share, not even in parallel",
  why: "A quota that is compared before and written after can be passed by sending everything at once.",
  standards: ["v5.0.0-5.2.4", "v5.0.0-2.4.1", "CWE-770", "API4"],
  flags: ["b", "i", "o"],
  remedy: {
    fastapi:
      "Reserve in the database before reading: `UPDATE quota SET used = used + :n WHERE used + :n <= max`, and give back what was not used. 429 or 507 with `Retry-After`.",
    django:
      "`F()` expressions in one `UPDATE … WHERE`, or `select_for_update()`; a count before a save is raced.",
    flask: "One `UPDATE … WHERE`, as FastAPI; Flask-Limiter for the rate, with a shared store.",
    gate: "`permissions: { rate: 60/min, quota: { bytes: 200 MiB, every: 24h } }`: reserved before the first byte.",
  },
  cases: [],
  scenarios: [
    scenario(
      "one file more than the quota",
      COUNT_MAX + 1,
      async (stage) => {
        const identity = await somebodyNew(stage);
        const most = filesMax(await stage.as(identity));
        for (let sent = 0; sent < most; sent += 1)
          await stage.send(`file ${sent + 1}`, controlProbe(await stage.as(identity)), { expect: ACCEPTED });
        await stage.send("one more", controlProbe(await stage.as(identity)), { expect: refused(tooMany) });
      },
      { appliesTo: limitsFiles, hooks: ["issue"], twin: withinLimit(filesMax) },
    ),
    scenario(
      "two at once that each fit and together do not",
      2,
      async (stage) => {
        const target = await stage.as("main");
        const half = Math.floor((target.promises?.quota?.bytesMax ?? 0) / 2) + 1;
        const sent = await atOnce(stage, 2, (each) => controlProbe(each, sizedControl(each, half)));
        judgeBurst(stage, target, sent, 1);
      },
      { appliesTo: whereAll(canBeSized, limitsBytes), hooks: ["issue"], twin: withinLimit(() => 2) },
    ),
    scenario(
      "a burst of more than the rate",
      COUNT_MAX + 5,
      async (stage) => {
        const target = await stage.as("main");
        const sent = await atOnce(stage, rateMax(target) + 5, controlProbe);
        judgeBurst(stage, target, sent, rateMax(target));
      },
      { appliesTo: limitsRate, hooks: ["issue"], twin: withinLimit(rateMax) },
    ),
    scenario(
      "one request more than the rate, and somebody else meanwhile",
      COUNT_MAX + 2,
      async (stage) => {
        const identity = await somebodyNew(stage);
        const most = rateMax(await stage.as(identity));
        for (let sent = 0; sent < most; sent += 1)
          await stage.send(`request ${sent + 1}`, controlProbe(await stage.as(identity)), {
            expect: ACCEPTED,
          });
        await stage.send("one more", controlProbe(await stage.as(identity)), { expect: refused(tooMany) });
        const other = await stage.as(await somebodyNew(stage));
        await stage.send("somebody else", controlProbe(other), { expect: ACCEPTED });
      },
      { appliesTo: limitsRate, hooks: ["issue"], twin: withinLimit(rateMax) },
    ),
  ],
};
