import type { Check } from "../check.ts";
import { readPlace, scenario, statusOf, together } from "../define-scenario.ts";
import { isAccepted } from "../judge.ts";
import { controlProbe } from "../payloads/upload.ts";
import { stillRunning, takesKey } from "../retry-case.ts";
import type { Play } from "../scenario.ts";
import { withKey } from "../target-as.ts";

const AT_ONCE = 10;

/** Ten uploads at once on ten connections, with one key or with ten. */
function ten(isSameKey: boolean): Play {
  return async (stage) => {
    const key = stage.token();
    const targets = await Promise.all(
      Array.from({ length: AT_ONCE }, async () =>
        withKey(await stage.as("main"), isSameKey ? key : stage.token()),
      ),
    );
    const probes = together(targets.map((target) => controlProbe(target)));
    const answers = await Promise.all(probes.map((probe, at) => stage.send(`at once: ${at + 1}`, probe)));
    const [target] = targets;
    if (target === undefined) return;
    const done = answers.filter((answer) => isAccepted(target, answer));
    const least = isSameKey ? 1 : AT_ONCE;
    if (done.length < least)
      stage.complain(`${done.length} of ten were accepted, at least ${least} should be`);
    for (const other of answers.filter((answer) => !done.includes(answer))) {
      if (!stillRunning.statuses.includes(statusOf(other)))
        stage.complain(`one of ten at once was answered ${statusOf(other)}`);
    }
    const got = await stage.received();
    const effects = isSameKey ? 1 : AT_ONCE;
    if (got !== null && got.length !== effects)
      stage.complain(`the service got ${got.length} uploads of ten`);
    const place = target.promises?.id;
    const ids = place === undefined ? [] : done.map((answer) => readPlace(answer, place));
    if (place !== undefined && new Set(ids).size > effects)
      stage.complain(`they have ${new Set(ids).size} ids`);
  };
}

/** UPL-RT-03: the same upload ten times at the same moment. */
export const parallelDuplicates: Check = {
  id: "UPL-RT-03",
  title: "Of ten equal uploads at once one has an effect",
  why: "A key that is looked up first and stored later lets every request through that comes in between.",
  standards: ["v5.0.0-2.3.4", "CWE-362"],
  flags: ["b"],
  remedy: {
    fastapi:
      "Claim the key by `INSERT … ON CONFLICT DO NOTHING` before the effect, and answer 409 with `Retry-After` while the first one runs; looking first and inserting later is raced.",
    django:
      "`get_or_create` inside of `transaction.atomic` with a unique constraint; catch `IntegrityError` and answer 409.",
    flask: "Insert first, catch `IntegrityError`, answer 409.",
    gate: "`retry: { idempotency-key: optional }`: one effect, 409 while it runs.",
  },
  cases: [],
  scenarios: [
    scenario("ten at once with one key", AT_ONCE, ten(true), { appliesTo: takesKey, twin: ten(false) }),
  ],
};
