import type { Check, Probe, ProbeStep, SampleFile, Target } from "../check.ts";
import { ACCEPTED, scenario } from "../define-scenario.ts";
import { seededNumbers } from "../payloads/seeded-bytes.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { headBytes } from "../payloads/upload-request.ts";
import type { Play, Stage } from "../scenario.ts";

const ABORTS = 50;
const AT_ONCE = 5;
const CONTROL_MS_MAX = 3000;
const SETTLE_MS_MAX = 5000;

/** Large enough that half of it is in storage, not in memory. */
const larger = (target: Target): Partial<SampleFile> =>
  sizedControl(target, Math.min(target.file.sizeBytesMax, 200_000));

/** So many bytes of an upload, head included, and then a broken connection. */
function brokenAfter(target: Target, share: number, end: "reset" | "end"): Probe {
  const request = controlRequest(target, larger(target));
  const all = Buffer.concat([headBytes(request), request.body]);
  const sent = all.subarray(0, Math.max(1, Math.floor(share * (all.length - 1))));
  const steps: ProbeStep[] = [sent, { pauseMs: 5 }, end];
  return { content: request.content, steps: () => steps };
}

async function aborts(stage: Stage): Promise<void> {
  const next = seededNumbers(stage.token());
  for (let sent = 0; sent < ABORTS; sent += AT_ONCE) {
    const targets = await Promise.all(Array.from({ length: AT_ONCE }, () => stage.as("main")));
    await Promise.all(
      targets.map((target) => {
        const share = next() / 2 ** 32;
        const end = next() % 2 === 0 ? "reset" : "end";
        return stage.send(`broken off after ${Math.round(share * 100)} %`, brokenAfter(target, share, end));
      }),
    );
  }
}

/** Waits until nothing temporary is left that was not there before. */
async function settled(stage: Stage, before: ReadonlySet<string>): Promise<readonly string[]> {
  const givesUpAt = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const names = (await stage.hooks.stored?.())?.temporary ?? [];
    const left = names.filter((name) => !before.has(name));
    if (left.length === 0 || performance.now() > givesUpAt) return left;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What must be true after uploads that came to nothing. */
function leavesNothing(storm: (stage: Stage) => Promise<void>): Play {
  return async (stage) => {
    const before = await stage.hooks.stored?.();
    await storm(stage);
    const control = await stage.as("main");
    const left = await settled(stage, new Set(before?.temporary));
    if (left.length > 0)
      stage.complain(`${left.length} temporary files are left of uploads that were broken off`);
    const after = await stage.hooks.stored?.();
    const grown = (after?.kept.length ?? 0) - (before?.kept.length ?? 0);
    if (grown > 0) stage.complain(`${grown} files are kept of uploads that were broken off`);
    const got = await stage.received();
    if (got !== null && got.length > 0)
      stage.complain(`the service got ${got.length} uploads that were broken off`);
    await stage.send("the control upload afterwards", controlProbe(control), {
      expect: { ...ACCEPTED, withinMs: CONTROL_MS_MAX },
    });
  };
}

/** Breaks off at the moment at which the limit is hit: what was refused has to be thrown away all the same. */
async function abortsAtLimit(stage: Stage): Promise<void> {
  for (let sent = 0; sent < AT_ONCE; sent += 1) {
    const target = await stage.as("main");
    const request = controlRequest(target, sizedControl(target, target.file.sizeBytesMax + 64 * 1024));
    const body = request.body.subarray(0, target.file.sizeBytesMax + 32 * 1024);
    const probe: Probe = { content: request.content, steps: () => [headBytes(request), body, "reset"] };
    await stage.send("broken off when the limit was hit", probe);
  }
}

/** UPL-RT-04: clients that go away. */
export const abortStorm: Check = {
  id: "UPL-RT-04",
  title: "Uploads that are broken off leave nothing behind",
  why: "Each temporary file and each reserved byte that an aborted upload keeps is a disk filled by bad connections.",
  standards: ["v5.0.0-15.2.2", "CWE-459", "CWE-772", "CVE-2026-2359", "CVE-2026-5038"],
  flags: ["b"],
  remedy: {
    fastapi:
      "Write to a temporary file and make it visible when everything has arrived; `ClientDisconnect` and `CancelledError` must remove it (`try … finally`).",
    django:
      "Rows and files only after the whole form was parsed; an upload handler's `upload_interrupted` removes what it wrote.",
    flask: "A `finally` that removes the temporary file; rows only after everything has arrived.",
    gate: "Nothing to write: what did not arrive whole is removed, and its share given back.",
  },
  cases: [],
  scenarios: [
    scenario("50 uploads broken off at random places", ABORTS + 1, leavesNothing(aborts), {
      appliesTo: canBeSized,
    }),
    scenario("broken off when the limit is hit", AT_ONCE + 1, leavesNothing(abortsAtLimit), {
      appliesTo: canBeSized,
    }),
  ],
};
