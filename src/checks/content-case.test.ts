import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { CheckCase, ReceivedFile, ReceivedUpload, Target } from "./check.ts";
import { keeps, neutralInside } from "./content-case.ts";
import type { Outcome } from "./judge.ts";
import { judgeCase } from "./judge-case.ts";
import { latin1 } from "./payloads/bytes.ts";
import { PICTURES } from "./sample-targets.ts";

const SENT = latin1("a picture with a PLACE in it");
const PLAIN = latin1("a picture");

const placed: CheckCase = neutralInside("a place", "image/png", {
  file: () => SENT,
  twin: () => PLAIN,
  harm: keeps("the place", "PLACE"),
  mayBeHeld: true,
});

function storedAs(bytes: Uint8Array, isSeen = true): ReceivedFile {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    field: null,
    name: null,
    mediaType: null,
    sizeBytes: bytes.length,
    sha256,
    ...(isSeen ? { bytes } : {}),
  };
}

/** What came of the attack: an answer, and what is stored; the twin always passed. */
function judged(
  stored: readonly ReceivedFile[] | null,
  status = 201,
  target: Target = PICTURES,
  twin: Uint8Array = PLAIN,
) {
  const outcome = (
    files: readonly ReceivedFile[] | null,
    content: Outcome["content"],
    answered: number,
  ): Outcome => {
    const upload: ReceivedUpload = {
      method: "POST",
      path: "/",
      headers: [],
      fields: null,
      files: files ?? [],
    };
    return {
      exchange: {
        answers: [{ status: answered, reason: "", headers: [], body: new Uint8Array() }],
        interimStatuses: [],
        malformed: null,
        end: "closed",
        sentBytes: 0,
        takenBytes: 0,
        takenAtAnswerBytes: null,
        answeredAfterMs: 1,
        elapsedMs: 1,
      } as unknown as Outcome["exchange"],
      received: files === null ? null : files.length === 0 ? [] : [upload],
      content,
    };
  };
  const attack = outcome(stored, placed.probe(target).content, status);
  const twinProbe = placed.twin === "control" ? placed.probe(target) : placed.twin(target);
  return judgeCase(target, placed, attack, outcome([storedAs(twin)], twinProbe.content, 201));
}

test("a file that is stored as it was sent keeps its harm", () => {
  assert.deepEqual(judged([storedAs(SENT)]), {
    state: "fail",
    reasons: ["stored as it was sent, with the place"],
  });
});

test("a file that was made anew is safe where what is harmful is gone from it, and only there", () => {
  assert.equal(judged([storedAs(latin1("a picture made anew"))]).state, "pass");
  assert.deepEqual(judged([storedAs(latin1("made anew, PLACE and all"))]).reasons, ["stored with the place"]);
});

test("a file that is another one and cannot be looked at is no pass", () => {
  assert.equal(judged([storedAs(latin1("made anew"), false)]).state, "inconclusive");
});

test("a file that was accepted and is held back, and one that was refused, are safe", () => {
  assert.equal(judged([]).state, "pass");
  assert.equal(judged([], 422).state, "pass");
});

test("an accepted file that nobody can look for is no pass", () => {
  assert.equal(judged(null).state, "inconclusive");
});

test("where the route makes pictures anew, an honest picture may come out as other bytes", () => {
  const images = { pixelsMax: null, framesMax: null, reEncode: true, keepMetadata: false };
  const inspect = { malware: false, images, archives: null, documents: null };
  const anew = latin1("a picture made anew");
  assert.equal(judged([storedAs(anew)], 201, { ...PICTURES, inspect }, anew).state, "pass");
  assert.match(
    judged([storedAs(anew)], 201, PICTURES, anew).reasons.join(),
    /the benign twin: .*other bytes/,
  );
});
