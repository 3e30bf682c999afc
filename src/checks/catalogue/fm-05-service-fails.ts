import type { Check, Target } from "../check.ts";
import { ACCEPTED, answerOf, scenario, statusOf } from "../define-scenario.ts";
import type { FaultName } from "../hooks.ts";
import { isAccepted } from "../judge.ts";
import { controlProbe } from "../payloads/upload.ts";
import { takesKey } from "../retry-case.ts";
import type { Play, Scenario, Stage } from "../scenario.ts";
import type { Exchange } from "../send-probe.ts";
import { withKey } from "../target-as.ts";

const HONEST = [500, 502, 503, 504];
/** What a retry may be told of an upload of which nobody knows whether it arrived. */
const UNDECIDED = [409, 425];

function judgeFailure(stage: Stage, target: Target, exchange: Exchange): void {
  const status = statusOf(exchange);
  if (HONEST.includes(status) || target.promises?.keptStatuses?.includes(status) === true) return;
  if (answerOf(exchange) === null) stage.complain("the client got no answer");
  else if (isAccepted(target, exchange))
    stage.complain(`the client was told ${status}, and nobody has the upload`);
  else stage.complain(`a failure of the service was answered ${status}`);
}

/** A key makes the retry safe: one effect, or an honest "nobody knows". */
async function retried(stage: Stage, key: string, mayTakeTwice: boolean): Promise<void> {
  const target = withKey(await stage.as("main"), key);
  const again = await stage.send("the same again", controlProbe(target));
  if (!isAccepted(target, again) && !UNDECIDED.includes(statusOf(again)))
    stage.complain(`the retry was answered ${statusOf(again)}`);
  const got = await stage.received();
  if (got !== null && got.length > 1 && !mayTakeTwice)
    stage.complain(`the service got it ${got.length} times`);
}

/** @param mayTakeTwice whether the service has said itself that it has not taken the upload */
function failing(name: string, fault: FaultName, mayTakeTwice = false): Scenario {
  const play: Play = async (stage) => {
    const key = stage.token();
    const plain = await stage.as("main");
    const hasKey = takesKey(plain) === true;
    const target = hasKey ? withKey(plain, key) : plain;
    await stage.withFault(fault, async () => {
      judgeFailure(stage, target, await stage.send(name, controlProbe(target)));
    });
    if (hasKey) await retried(stage, key, mayTakeTwice);
    await stage.send("another one afterwards", controlProbe(await stage.as("main")), { expect: ACCEPTED });
  };
  return scenario(name, 3, play, { faults: [fault] });
}

/** UPL-FM-05: the service behind fails. */
export const serviceFails: Check = {
  id: "UPL-FM-05",
  title: "When the service behind fails, the client is told so, and a retry does not double the upload",
  why: "A service may have committed before it broke off; a front that sends again by itself makes two of one.",
  standards: ["v5.0.0-13.2.6", "CWE-754"],
  flags: ["o"],
  remedy: {
    fastapi:
      "A timeout on each outbound call (`httpx.Timeout`), 502 or 504 with a problem, and what was stored is undone or kept on purpose.",
    django: "As FastAPI: `timeout=` on each call; `transaction.on_commit` for what goes to others.",
    flask:
      "`timeout=` on each outbound call, 502 or 504 with a problem, and what was stored is undone or kept on purpose.",
    gate: "`failure: { upstream-down: refuse | retry, upstream-unknown: keep | retry, upstream-error: pass | retry }`.",
  },
  cases: [],
  scenarios: [
    failing("the service is down", "service-down"),
    failing("the service answers 500", "service-500", true),
    failing("the service breaks the connection off after it took the upload", "service-resets"),
    failing("the service answers with bytes that are no HTTP", "service-rubbish"),
    failing("the service never answers", "service-silent"),
  ],
};
