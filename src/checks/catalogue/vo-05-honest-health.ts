import type { Check } from "../check.ts";
import { plainRequest, scenario, statusOf, textOf } from "../define-scenario.ts";
import type { FaultName } from "../hooks.ts";
import type { Play, Scenario, Stage } from "../scenario.ts";

const PLACES = ["/health", "/healthz", "/health/ready", "/health/live", "/ready", "/status", "/metrics"];
/** More than a word and a number tells of the inside. */
const TOLD_CHARS_MAX = 64;

async function readiness(stage: Stage): Promise<{ status: number; text: string }> {
  return (await stage.hooks.readiness?.()) ?? { status: 0, text: "" };
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

const well: Play = async (stage) => {
  const { status, text } = await readiness(stage);
  if (status !== 200) stage.complain(`without a fault it is not ready: ${status} ${text.slice(0, 200)}`);
};

function during(name: string, fault: FaultName): Scenario {
  return scenario(
    name,
    0,
    async (stage) => {
      await stage.withFault(fault, async () => {
        const { status, text } = await readiness(stage);
        if (status < 500) stage.complain(`it says ${status} while it can take no upload`);
        if (!isJson(text)) stage.complain("what is wrong is not told in a form that a program reads");
      });
      await well(stage);
    },
    { hooks: ["readiness"], faults: [fault], twin: well },
  );
}

/** UPL-VO-05: health that says what is so. */
export const honestHealth: Check = {
  id: "UPL-VO-05",
  title: "Readiness says no while uploads cannot be taken, and strangers are told nothing",
  why: "A health check that is green while the disk is full keeps traffic coming to where it fails.",
  standards: ["v5.0.0-13.4.5", "v5.0.0-16.5.2"],
  flags: ["s", "o"],
  remedy: {
    fastapi:
      "`/health/ready` that really writes a byte to the storage and asks the database, with short timeouts; 503 where one fails; not public.",
    django: "The same as a view; not `return 200`.",
    flask: "The same as a route; not `return 'ok'`.",
    gate: "`/health/ready` on the operator's port; the service's own health is its own.",
  },
  cases: [],
  scenarios: [
    scenario("health is not public", PLACES.length, async (stage) => {
      for (const place of PLACES) {
        const found = await stage.send(place, plainRequest(await stage.as("nobody"), "GET", place));
        if (statusOf(found) < 300 && textOf(found).length > TOLD_CHARS_MAX)
          stage.complain(`${place} tells everybody ${textOf(found).length} characters`);
      }
    }),
    during("the disk can only be read", "storage-read-only"),
    during("the records are locked", "records-locked"),
  ],
};
