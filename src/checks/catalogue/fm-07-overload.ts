import type { Check, Probe, Refusal, Target } from "../check.ts";
import { ACCEPTED, refused, scenario } from "../define-scenario.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeSteps } from "../payloads/upload-request.ts";
import type { Play } from "../scenario.ts";

const AT_ONCE_MAX = 50;
const SETTLE_MS = 300;
const busy: Refusal = {
  statuses: [429, 503],
  gateCodes: ["GATE_BUSY", "CONCURRENCY_EXCEEDED"],
  headers: ["retry-after"],
};

function hasCap({ promises }: Target): true | string {
  const most = promises?.atOnceMax;
  if (most === undefined) return "the server does not say how many uploads it takes at once";
  return most <= AT_ONCE_MAX || `${most} uploads at once are too many to try`;
}

/** Half an upload, which then waits for the others. */
function held(target: Target, onHalf: () => void, release: Promise<void>): Probe {
  const request = controlRequest(target);
  const half = Math.floor(request.body.length / 2);
  return probeSteps(request, function* () {
    yield request.body.subarray(0, half);
    onHalf();
    yield { until: () => release };
    yield request.body.subarray(half);
  });
}

/** As many uploads as are taken at once, `more` on top of them, and the first ones must finish. */
function crowd(more: (most: number) => number): Play {
  return async (stage) => {
    const most = (await stage.as("main")).promises?.atOnceMax ?? 0;
    const [full, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let halves = 0;
    const onHalf = (): void => {
      halves += 1;
      if (halves === most) full.resolve();
    };
    const targets = await Promise.all(Array.from({ length: most }, () => stage.as("main")));
    const sent = targets.map((target, at) =>
      stage.send(`upload ${at + 1} under way`, held(target, onHalf, released.promise), { expect: ACCEPTED }),
    );
    await Promise.race([full.promise, Promise.all(sent)]);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    for (let extra = 0; extra < more(most); extra += 1)
      await stage.send("one more than fit", controlProbe(await stage.as("main")), { expect: refused(busy) });
    released.resolve();
    await Promise.all(sent);
  };
}

/** UPL-FM-07: more at once than there is room for. */
export const overload: Check = {
  id: "UPL-FM-07",
  title: "Under overload new uploads are turned away politely, and those under way finish",
  why: "A server that takes more than it can do finishes none; one that says no in time loses nothing.",
  standards: ["v5.0.0-15.2.2", "CWE-770"],
  flags: ["b"],
  remedy: {
    fastapi:
      "`uvicorn --limit-concurrency 100` answers 503; add `Retry-After` in front or by a middleware with a semaphore.",
    django: "`gunicorn --workers … --threads …` and a proxy's `limit_conn` with `Retry-After`.",
    flask: "waitress `connection_limit`, `threads`; a proxy's `limit_conn` with `Retry-After`.",
    gate: "`limits: { uploads: 200, connections: 1000 }` in sluicegate.yaml; `permissions.concurrent` a caller: 503 and 429 with `Retry-After`.",
  },
  cases: [],
  scenarios: [
    scenario(
      "a fifth more uploads at once than fit",
      2 * AT_ONCE_MAX,
      crowd((most) => Math.max(1, Math.ceil(most / 5))),
      { appliesTo: hasCap, twin: crowd(() => 0) },
    ),
  ],
};
