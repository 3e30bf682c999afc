import type { Check, Target } from "../check.ts";
import { ACCEPTED, readPlace, scenario, statusOf, textOf } from "../define-scenario.ts";
import { controlProbe } from "../payloads/upload.ts";
import { takesKey } from "../retry-case.ts";
import type { Play, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { withKey } from "../target-as.ts";

/** Sends the control with each of the keys, and counts what the service got. */
function sends(keys: (stage: Stage) => readonly (string | null)[], effects: number): Play {
  return async (stage) => {
    const answers: Exchange[] = [];
    let target: Target | null = null;
    for (const key of keys(stage)) {
      target = await stage.as("main");
      const keyed = key === null ? target : withKey(target, key);
      answers.push(await stage.send(`with key ${key}`, controlProbe(keyed), { expect: ACCEPTED }));
    }
    const got = await stage.received();
    if (got !== null && got.length !== effects)
      stage.complain(`${answers.length} requests had ${got.length} effects, expected ${effects}`);
    if (target !== null && effects === 1) sameAnswers(stage, target, answers);
  };
}

function sameAnswers(stage: Stage, target: Target, [first, ...others]: readonly Exchange[]): void {
  if (first === undefined) return;
  const place = target.promises?.id;
  for (const other of others) {
    if (statusOf(other) !== statusOf(first) || textOf(other) !== textOf(first))
      stage.complain(`the retry got another answer: ${statusOf(other)} ${textOf(other).slice(0, 100)}`);
    if (place !== undefined && readPlace(other, place) !== readPlace(first, place))
      stage.complain("the retry got another id than the first upload");
  }
}

const twice = (stage: Stage): readonly string[] => {
  const key = stage.token();
  return [key, key];
};

/** UPL-RT-01: a retry with the same key. */
export const sameKey: Check = {
  id: "UPL-RT-01",
  title: "The same upload with the same key has one effect and one answer",
  why: "A client that lost the answer sends again; where that makes a second object, every bad connection doubles data.",
  standards: ["v5.0.0-2.3.3", "CWE-837", "CWE-672"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Keep a table with a unique (principal, key), written in the transaction of the upload itself, with the answer and a digest of the content; answer a retry from it.",
    django:
      "Keep a table with a unique (principal, key), written in the transaction of the upload itself, with the answer and a digest of the content (`UniqueConstraint`, `transaction.atomic`); answer a retry from it.",
    flask:
      "Keep a table with a unique (principal, key), written in the transaction of the upload itself, with the answer and a digest of the content; answer a retry from it.",
    gate: "`retry: { idempotency-key: required, keep: 24h }`.",
  },
  cases: [],
  scenarios: [
    scenario("the same key twice", 2, sends(twice, 1), {
      appliesTo: takesKey,
      twin: sends((stage) => [stage.token(), stage.token()], 2),
    }),
    scenario(
      "the same key five times",
      5,
      sends((stage) => Array<string>(5).fill(stage.token()), 1),
      { appliesTo: takesKey, twin: sends((stage) => [stage.token()], 1) },
    ),
  ],
};
