import type { Check, SampleFile, Target } from "../check.ts";
import { multipartOnly, whereAll } from "../define-case.ts";
import { ACCEPTED, readPlace, refused, scenario } from "../define-scenario.ts";
import { canBeSized, sizedControl } from "../payloads/sized-file.ts";
import { controlProbe } from "../payloads/upload.ts";
import { takesKey } from "../retry-case.ts";
import type { Play, Scenario } from "../scenario.ts";
import { withKey } from "../target-as.ts";

const otherContent = {
  statuses: [409, 422],
  gateCodes: ["IDEMPOTENCY_KEY_REUSED"],
};

/** The first upload, then `changed` of it: with the same key in the attack, with a key of its own in the twin. */
function changing(
  name: string,
  changed: (target: Target) => Partial<SampleFile>,
  appliesTo: (target: Target) => true | string,
): Scenario {
  const play =
    (isSameKey: boolean): Play =>
    async (stage) => {
      const key = stage.token();
      const first = withKey(await stage.as("main"), key);
      const answer = await stage.send("first", controlProbe(first), { expect: ACCEPTED });
      const second = withKey(await stage.as("main"), isSameKey ? key : stage.token());
      const expect = isSameKey ? refused(otherContent) : ACCEPTED;
      await stage.send(name, controlProbe(second, changed(second)), { expect });
      const got = await stage.received();
      const effects = isSameKey ? 1 : 2;
      if (got !== null && got.length !== effects) stage.complain(`the service got ${got.length} uploads`);
      const again = withKey(await stage.as("main"), key);
      const replay = await stage.send("the first again", controlProbe(again), { expect: ACCEPTED });
      const place = again.promises?.id;
      if (place !== undefined && readPlace(replay, place) !== readPlace(answer, place))
        stage.complain("afterwards the first upload is another one");
    };
  return scenario(name, 3, play(true), { appliesTo: whereAll(takesKey, appliesTo), twin: play(false) });
}

/** UPL-RT-02: a key that was used for something else. */
export const sameKeyOtherBody: Check = {
  id: "UPL-RT-02",
  title: "A key that was used for other content is refused, and the first upload stands",
  why: "Where the key alone counts, a client's mistake hides the second file behind the first one's answer.",
  standards: ["CWE-837"],
  flags: ["s"],
  remedy: {
    fastapi: "Store a SHA-256 of the content with the key, and answer 422 where it differs.",
    django: "Store a SHA-256 of the content with the key, and answer 422 where it differs.",
    flask: "Store a SHA-256 of the content with the key, and answer 422 where it differs.",
    gate: "`retry: { idempotency-key: optional }`: other content with the same key is 422.",
  },
  cases: [],
  scenarios: [
    changing("the same key with other bytes", (target) => sizedControl(target, 4000), canBeSized),
    changing(
      "the same key with another name",
      ({ file }) => ({ name: `other-${file.control.name}` }),
      multipartOnly,
    ),
  ],
};
