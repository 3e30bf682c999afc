import type { Check, Probe, ProbeStep, Refusal } from "../check.ts";
import { ACCEPTED, refused, scenario } from "../define-scenario.ts";
import { controlRequest } from "../payloads/upload.ts";
import { probeSteps } from "../payloads/upload-request.ts";
import type { Play } from "../scenario.ts";
import { knowsCallers } from "../target-as.ts";

const revoked: Refusal = {
  statuses: [401, 403],
  gateCodes: ["PERMISSION_REVOKED", "CREDENTIALS_INVALID", "PERMISSION_DENIED"],
};

/** Half an upload, then `meanwhile`, then the other half. */
function inTwoHalves(request: ReturnType<typeof controlRequest>, meanwhile: () => Promise<void>): Probe {
  const half = Math.floor(request.body.length / 2);
  return probeSteps(request, function* (): Iterable<ProbeStep> {
    yield request.body.subarray(0, half);
    yield { pauseMs: 100 };
    yield { until: meanwhile };
    yield request.body.subarray(half);
  });
}

function play(isRevoked: boolean): Play {
  return async (stage) => {
    const { issue, revoke } = stage.hooks;
    if (issue === undefined || revoke === undefined) return;
    const identity = await issue();
    const target = await stage.as(identity);
    const probe = inTwoHalves(controlRequest(target), async () => {
      if (isRevoked) await revoke(identity);
    });
    await stage.send("an upload in two halves", probe, { expect: isRevoked ? refused(revoked) : ACCEPTED });
    if (!isRevoked) return revoke(identity);
    const got = await stage.received();
    if (got !== null && got.length > 0) stage.complain("the service got the upload");
    const later = controlRequest(await stage.as(identity));
    await stage.send(
      "another one afterwards",
      probeSteps(later, () => [later.body]),
      { expect: refused(revoked) },
    );
  };
}

/** UPL-PM-08: a right that ends while the body is on its way. */
export const revokedMidUpload: Check = {
  id: "UPL-PM-08",
  title: "A right that is withdrawn during an upload counts as withdrawn",
  why: "An upload may take an hour; where only its beginning is checked, a stolen key works for an hour after it was revoked.",
  standards: ["v5.0.0-8.3.2", "v5.0.0-15.4.2", "CWE-367"],
  flags: ["i", "o"],
  remedy: {
    fastapi: "Ask again in the transaction that makes the file visible, not only at the head of the request.",
    django: "Ask again inside of `transaction.atomic()` before the row becomes visible.",
    flask: "Ask again before `db.session.commit()`.",
    gate: "Nothing to write: the caller is looked at again with the release.",
  },
  cases: [],
  scenarios: [
    scenario("revoked between the first half and the second", 2, play(true), {
      appliesTo: knowsCallers,
      hooks: ["issue", "revoke"],
      twin: play(false),
    }),
  ],
};
