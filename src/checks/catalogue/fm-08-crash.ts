import type { Check, Probe, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import {
  ACCEPTED,
  acceptedId,
  pathOf,
  plainRequest,
  scenario,
  statusOf,
  tellsIds,
} from "../define-scenario.ts";
import { isAccepted } from "../judge.ts";
import { seededNumbers } from "../payloads/seeded-bytes.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import { RETRY_REQUESTS_MAX, sendUntilDone, takesKey } from "../retry-case.ts";
import type { Play, Stage } from "../scenario.ts";
import { withKey } from "../target-as.ts";

const ROUNDS = 2;
const UPLOADS = 6;
const CRASH_MS_MAX = 60;
/** What a retry may be told of an upload that may have been handed over when the process died. */
const UNDECIDED = 409;

/** In memory, in one write, in many. */
function sized(target: Target, at: number): Probe {
  const sizes = [1000, 40_000, target.file.sizeBytesMax];
  return controlProbe(
    target,
    sizedControl(target, Math.min(target.file.sizeBytesMax, sizes[at % sizes.length] ?? 0)),
  );
}

interface Keyed {
  readonly key: string;
  readonly at: number;
  isAcknowledged: boolean;
}

/** Starts uploads, each with its key, and does not wait for them. */
function start(stage: Stage): { readonly uploads: readonly Keyed[]; readonly ended: Promise<unknown> } {
  const uploads = Array.from(
    { length: UPLOADS },
    (_, at): Keyed => ({ key: stage.token(), at, isAcknowledged: false }),
  );
  const ended = Promise.allSettled(
    uploads.map(async (upload) => {
      const target = withKey(await stage.as("main"), upload.key);
      const exchange = await stage.send("under way at the crash", sized(target, upload.at));
      upload.isAcknowledged = isAccepted(target, exchange);
    }),
  );
  return { uploads, ended };
}

/** Each upload again with its key: there once, or honestly undecided. */
async function retryAll(stage: Stage, uploads: readonly Keyed[]): Promise<void> {
  let there = 0;
  for (const { key, at, isAcknowledged } of uploads) {
    const probe = async () => sized(withKey(await stage.as("main"), key), at);
    const exchange = await sendUntilDone(stage, "again after the crash", probe);
    const target = await stage.as("main");
    if (isAccepted(target, exchange)) there += 1;
    else if (isAcknowledged)
      stage.complain(`an upload that was accepted is now answered ${statusOf(exchange)}`);
    else if (statusOf(exchange) !== UNDECIDED) stage.complain(`the retry is answered ${statusOf(exchange)}`);
  }
  const got = await stage.received();
  if (got === null) return;
  const sent = uploads.length + 1;
  if (got.length > sent) stage.complain(`the service got ${got.length} uploads, ${sent} were sent`);
  if (got.length < there + 1)
    stage.complain(`${there} uploads are said to be there, the service got ${got.length}`);
}

async function nothingTemporary(stage: Stage): Promise<void> {
  const givesUpAt = performance.now() + 5000;
  let left = (await stage.hooks.stored?.())?.temporary ?? [];
  while (left.length > 0 && performance.now() < givesUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = (await stage.hooks.stored?.())?.temporary ?? [];
  }
  if (left.length > 0) stage.complain(`${left.length} temporary files outlived the crash`);
}

/** One crash, at a moment that the seed says. */
function crashes(round: number): Play {
  return async (stage) => {
    const main = await stage.as("main");
    const old = await acceptedId(stage, "accepted before", main, controlProbe(main));
    const afterMs = (seededNumbers(stage.token())() % CRASH_MS_MAX) * ((round + 1) / ROUNDS);
    const { uploads, ended } = start(stage);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await stage.withFault("crash", async () => {
      await ended;
    });
    await retryAll(stage, uploads);
    const target = await stage.as("main");
    const { state } = target.promises ?? {};
    if (old !== null && state !== undefined) {
      const told = await stage.send("the old one", plainRequest(target, "GET", pathOf(state.path, old)));
      if (statusOf(told) !== 200)
        stage.complain(`an upload from before the crash is answered ${statusOf(told)}`);
    }
    await nothingTemporary(stage);
    await stage.send("a new one", controlProbe(await stage.as("main")), { expect: ACCEPTED });
  };
}

/** UPL-FM-08: the process dies in the middle. */
export const crash: Check = {
  id: "UPL-FM-08",
  title: "After a crash each upload is there whole or not at all, and nothing is left over",
  why: "What a crash leaves between two writes is a file without a record, or a record without a file.",
  standards: ["v5.0.0-2.3.3", "CWE-367"],
  flags: ["o"],
  remedy: {
    fastapi:
      "Write to a temporary name, `fsync`, rename, `fsync` the folder, then commit the row; at start remove what no row knows.",
    django:
      "`transaction.atomic` with the file renamed in place before the commit, and a command that removes orphans.",
    flask:
      "Write to a temporary name, `fsync`, rename, then commit the row; at start remove what no row knows.",
    gate: "Nothing to write: bytes and record are one commit; a start sweeps what is left.",
  },
  cases: [],
  scenarios: Array.from({ length: ROUNDS }, (_, round) =>
    scenario(
      `killed while six uploads are under way, ${round + 1}`,
      (UPLOADS + 1) * RETRY_REQUESTS_MAX,
      crashes(round),
      {
        appliesTo: whereAll(takesKey, tellsIds, canBeSized),
        faults: ["crash"],
      },
    ),
  ),
};
