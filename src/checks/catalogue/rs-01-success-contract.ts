import { createHash } from "node:crypto";
import { headerOf } from "../answer-reader.ts";
import type { Check, Target } from "../check.ts";
import { whereAll } from "../define-case.ts";
import {
  ACCEPTED,
  acceptedId,
  answerOf,
  jsonOf,
  pathOf,
  plainRequest,
  pointedAt,
  scenario,
  statusOf,
  tellsIds,
  textOf,
} from "../define-scenario.ts";
import { makesAnew } from "../judge.ts";
import { controlProbe } from "../payloads/upload.ts";

function tellsDigest({ promises }: Target): true | string {
  return promises?.state?.sha256 !== undefined || "the route promises no state that tells a digest";
}

/** UPL-RS-01: what an accepted upload is answered with. */
export const successContract: Check = {
  id: "UPL-RS-01",
  title: "An accepted upload is answered with what the client needs to go on",
  why: "A 200 without an id, or for other bytes than were sent, is an upload that nobody can find again.",
  standards: ["v5.0.0-4.1.1"],
  flags: ["s"],
  remedy: {
    fastapi:
      "`status_code=201`, a response model with id, size and SHA-256, and `Location`; then `sluicegate record FLOW`, so that a change is seen.",
    django: "`JsonResponse({...}, status=201)` with `Location`; not a redirect to a page.",
    flask: "`return {...}, 201, {'Location': …}`.",
    gate: "`expect: { status: 201, body: … }` says what is expected; `deliver: forward` passes the service's own answer on.",
  },
  cases: [],
  scenarios: [
    scenario("status, type and body of the answer", 1, async (stage) => {
      const target = await stage.as("main");
      const exchange = await stage.send("the control upload", controlProbe(target), { expect: ACCEPTED });
      const answer = answerOf(exchange);
      if (answer === null) return;
      const type = headerOf(answer, "content-type");
      if (answer.body.length > 0 && type === null)
        stage.complain("the answer has a body and no Content-Type");
      if (type !== null && /\bjson\b/.test(type) && jsonOf(exchange) === null)
        stage.complain(`the answer says ${type} and is no JSON: ${textOf(exchange).slice(0, 80)}`);
      if (answer.status === 201 || answer.status === 202) return;
      if (answer.status === 200 && answer.body.length > 0) return;
      stage.complain(`the answer to an upload has status ${answer.status}`, "strictness");
    }),
    scenario(
      "the upload can be found by its id, with the digest and size of the bytes that were sent",
      2,
      async (stage) => {
        const target = await stage.as("main");
        const id = await acceptedId(stage, "the control upload", target, controlProbe(target));
        const { state } = target.promises ?? {};
        if (id === null || state === undefined) return;
        const told = await stage.send("its state", plainRequest(target, "GET", pathOf(state.path, id)));
        if (statusOf(told) !== 200) return stage.complain(`its state is answered with ${statusOf(told)}`);
        if (headerOf(answerOf(told) ?? { headers: [] }, "cache-control")?.includes("no-store") !== true)
          stage.complain("the state may be cached, though it changes");
        if (makesAnew(target)) return;
        const { bytes } = target.file.control;
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        if (state.sha256 !== undefined && pointedAt(jsonOf(told), state.sha256) !== sha256)
          stage.complain("the state tells another digest than that of the bytes that were sent");
        if (state.size !== undefined && pointedAt(jsonOf(told), state.size) !== bytes.length)
          stage.complain("the state tells another size than that of the bytes that were sent");
      },
      { appliesTo: whereAll(tellsIds, tellsDigest) },
    ),
  ],
};
