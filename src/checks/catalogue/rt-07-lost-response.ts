import type { Check, Probe } from "../check.ts";
import { whereAll } from "../define-case.ts";
import {
  ACCEPTED,
  jsonOf,
  pathOf,
  plainRequest,
  pointedAt,
  readPlace,
  scenario,
  statusOf,
  tellsIds,
} from "../define-scenario.ts";
import { describe, isAccepted } from "../judge.ts";
import { controlProbe } from "../payloads/upload.ts";
import { RETRY_REQUESTS_MAX, sendUntilDone, takesKey } from "../retry-case.ts";
import type { Play, Scenario } from "../scenario.ts";
import { withKey } from "../target-as.ts";

/** The whole upload, and nobody there for the answer. */
function cutAfterLastByte(probe: Probe, end: "reset" | "end", waitMs: number): Probe {
  return {
    ...probe,
    steps: function* () {
      yield* probe.steps();
      if (waitMs > 0) yield { pauseMs: waitMs };
      yield end;
    },
  };
}

function lost(name: string, waitMs: number): Scenario {
  const play =
    (isLost: boolean): Play =>
    async (stage) => {
      const key = stage.token();
      const probe = async () => controlProbe(withKey(await stage.as("main"), key));
      const first = await probe();
      if (isLost) await stage.send("the answer is lost", cutAfterLastByte(first, "reset", waitMs));
      else await stage.send("the answer comes", first, { expect: ACCEPTED });
      const again = await sendUntilDone(stage, "the same again", probe);
      const target = await stage.as("main");
      if (!isAccepted(target, again)) stage.complain(`the retry was not accepted: ${describe(again)}`);
      const got = await stage.received();
      if (got !== null && got.length !== 1) stage.complain(`the service got ${got.length} uploads`);
      const { id, state } = target.promises ?? {};
      const found = id === undefined ? null : readPlace(again, id);
      if (state === undefined || found === null) return;
      const told = await stage.send(
        "what became of it",
        plainRequest(target, "GET", pathOf(state.path, found)),
      );
      if (statusOf(told) !== 200)
        stage.complain(`the state of the upload cannot be asked for: ${statusOf(told)}`);
      else if (state.sha256 !== undefined && pointedAt(jsonOf(told), state.sha256) === undefined)
        stage.complain("the state does not say which bytes arrived");
    };
  return scenario(name, RETRY_REQUESTS_MAX + 2, play(true), {
    appliesTo: whereAll(takesKey, tellsIds),
    twin: play(false),
  });
}

/** UPL-RT-07: the upload arrived and its answer did not. */
export const lostResponse: Check = {
  id: "UPL-RT-07",
  title: "An upload whose answer was lost can be found again and is not doubled by the retry",
  why: "The client cannot know whether the last byte arrived; only a key or a state tells it apart from a failure.",
  standards: ["v5.0.0-2.3.3", "CWE-367"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Give the client a way to ask: an `Idempotency-Key` whose answer is kept, or an id that it chose.",
    django:
      "A model for the keys with their answers, unique by caller and key; a view that tells an upload's state by its id.",
    flask:
      "A table of keys with their answers, unique by caller and key; a route that tells an upload's state by its id.",
    gate: "`retry: { idempotency-key: required }`, and `/.sluicegate/uploads/{id}` tells the state.",
  },
  cases: [],
  scenarios: [
    lost("cut at the last byte", 0),
    lost("cut 5 ms after the last byte", 5),
    lost("cut 30 ms after the last byte", 30),
  ],
};
