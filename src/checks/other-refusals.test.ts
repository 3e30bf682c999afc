import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "./answer-reader.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { Expectation, Target } from "./check.ts";
import { describe as inWords, isAccepted, judge } from "./judge.ts";
import { controlContent } from "./payloads/form.ts";
import { PICTURES } from "./sample-targets.ts";
import type { Exchange } from "./send-probe.ts";

const LOOSE: Target = { ...PICTURES, unpromised: new Set(["refusals", "strictness"]) };
const PAGE: Target = { ...LOOSE, acceptedStatuses: [302], leadsElsewhere: true };
const refused: Expectation = { outcome: "refused", statuses: [415], gateCodes: [], headers: ["x-why"] };

function answered(status: number, headers: Answer["headers"] = [], body = ""): Exchange {
  const answer = { status, headers, body: new TextEncoder().encode(body) };
  const times = { takenBytes: 9, takenAtAnswerBytes: 9, answeredAfterMs: 5, elapsedMs: 5 };
  return { answers: [answer], interimStatuses: [], malformed: null, end: "closed", ...times };
}

function complaints(target: Target, exchange: Exchange): readonly string[] {
  return judge(target, refused, { exchange, received: null, content: controlContent(target) });
}

test("where nobody has promised the form of refusals, any refusal by the client's fault is one", () => {
  assert.deepEqual(complaints(LOOSE, answered(400)), []);
  assert.match(complaints(PICTURES, answered(400)).join(), /expected 415/);
  for (const status of [200, 302, 408, 429, 500])
    assert.match(complaints(LOOSE, answered(status)).join(), /expected 415/, String(status));
});

test("something that got through is no refusal, whatever the answer says", () => {
  const received = [{ method: "POST", path: "/", headers: null, fields: null, files: [] }];
  const outcome = { exchange: answered(400), received, content: controlContent(LOOSE) };
  assert.match(judge(LOOSE, refused, outcome).join(), /got through/);
});

test("a page that leads elsewhere after a good upload refuses by leading back to itself", () => {
  const back = answered(302, [["location", `${PICTURES.path}?again=1`]]);
  const on = answered(302, [["location", "/done"]]);
  assert.deepEqual([isAccepted(PAGE, back), isAccepted(PAGE, on)], [false, true]);
  assert.deepEqual(complaints(PAGE, back), []);
  assert.match(complaints(PAGE, on).join(), /expected 415, got 302 Found/);
  assert.equal(isAccepted({ ...PAGE, leadsElsewhere: false }, back), true);
});

test("a page that shows its form again has refused; another page has not", () => {
  const form = "<form method=post><input type=file name=f></form>";
  assert.deepEqual(complaints(PAGE, answered(200, [], form)), []);
  assert.match(complaints(PAGE, answered(200, [], "<p>Thank you</p>")).join(), /expected 415/);
  const taking: Target = { ...LOOSE, acceptedStatuses: [200] };
  assert.match(complaints(taking, answered(200, [], form)).join(), /expected 415/);
});

test("of an answer its status is told, and the first words of a refusal", () => {
  assert.equal(inWords(answered(200, [], '{"filename":"a.png"}')), "200 OK");
  assert.equal(
    inWords(answered(422, [], '{"detail":\n "none"}')),
    '422 Unprocessable Entity ({"detail": "none"})',
  );
  assert.equal(
    inWords(answered(500, [], "500 Internal Server Error\n\nServer got itself in trouble")),
    "500 Internal Server Error",
  );
  assert.equal(inWords(answered(400, [], "<html>a page</html>")), "400 Bad Request");
  assert.match(inWords(answered(400, [], "x".repeat(300))), /^400 Bad Request \(x{80}…\)$/);
  assert.equal(inWords({ ...answered(200), answers: [], end: "deadline" }), "no answer in time");
});

test("no check asks a route to delete, or to take another method for DELETE", () => {
  for (const { id, cases } of CATALOGUE)
    for (const { name, appliesTo, probe } of cases) {
      if (!id.startsWith("UPL-TR-09") || appliesTo(PICTURES) !== true) continue;
      const [first] = probe(PICTURES).steps();
      assert.ok(first instanceof Uint8Array);
      assert.doesNotMatch(Buffer.from(first).toString("latin1"), /DELETE/, name);
    }
});

test("what is odd and taken is a warning where strictness is not promised; an honest upload that is refused is not", () => {
  const cases = CATALOGUE.find(({ id }) => id === "UPL-MP-05")?.cases ?? [];
  const topicOf = (name: string) => cases.find((each) => each.name === name)?.topic;
  assert.deepEqual([topicOf("71 characters"), topicOf("one character")], ["strictness", undefined]);
});

test("a key in a header of its own is nothing that a foreign page could send", () => {
  const pages = CATALOGUE.find(({ id }) => id === "UPL-PM-05")?.cases ?? [];
  const nobody = { name: "main", lines: async () => [] };
  const by = (header: string): Target => ({
    ...LOOSE,
    identities: { header, main: nobody, other: null, readOnly: null, expired: null, forged: null },
  });
  assert.equal(pages[0]?.appliesTo(by("Cookie")), true);
  assert.match(String(pages[0]?.appliesTo(by("X-API-Key"))), /no browser adds/);
});
