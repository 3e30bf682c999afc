import type { Check, Refusal, Target } from "../check.ts";
import { always, refuses, strictly } from "../define-case.ts";
import { ACCEPTED, scenario, statusOf } from "../define-scenario.ts";
import type { FaultName } from "../hooks.ts";
import { isAccepted } from "../judge.ts";
import { controlProbe, controlRequest } from "../payloads/upload.ts";
import { probeOf, withHeader } from "../payloads/upload-request.ts";
import type { Play, Scenario } from "../scenario.ts";
import { TRIGGERS } from "../triggers.ts";

const notThere: Refusal = {
  statuses: [400, 403, 404, 405],
  gateCodes: ["ROUTE_UNKNOWN", "REQUEST_TARGET_INVALID"],
};

/** The control upload to a path that no policy describes. */
function beside(
  name: string,
  pathOf: (path: string) => string,
  appliesTo: (target: Target) => true | string = always,
) {
  return refuses(
    name,
    (target) => {
      const request = controlRequest(target);
      const [method, path = "/", version] = request.line.split(" ");
      return probeOf({ ...request, line: [method, pathOf(path), version].join(" ") });
    },
    notThere,
    { appliesTo },
  );
}

function hasLetters({ path }: Target): true | string {
  return /[a-z]/.test(path.replace(/[?].*$|[{]name[}]/g, "")) || "the route's path has no small letters";
}

/** While the policy cannot be read: what it refused is refused, what it allowed is as before or refused, and somebody is told. */
function broken(name: string, fault: FaultName): Scenario {
  const play: Play = async (stage) => {
    const logBefore = (await stage.hooks.log?.())?.length ?? 0;
    await stage.withFault(fault, async () => {
      for (const { name: cause, as, appliesTo, probe } of TRIGGERS) {
        if (appliesTo(await stage.as("main")) !== true) continue;
        const sent = await stage.send(cause, probe(await stage.as(as)));
        if (statusOf(sent) < 400)
          stage.complain(`${cause} is answered ${statusOf(sent)} while the policy is broken`);
      }
      const target = await stage.as("main");
      const control = await stage.send("the control upload", controlProbe(target));
      if (!isAccepted(target, control) && statusOf(control) < 400)
        stage.complain(`the control upload is answered ${statusOf(control)}`);
      const logged = (await stage.hooks.log?.())?.slice(logBefore) ?? "";
      if (!/error|warn|invalid|fatal|cannot/i.test(logged))
        stage.complain("nobody is told that the policy is broken");
    });
    await stage.send("afterwards", controlProbe(await stage.as("main")), { expect: ACCEPTED });
  };
  return scenario(name, TRIGGERS.length + 2, play, { faults: [fault], hooks: ["log"] });
}

/** UPL-FM-06: no policy, or a bad one. */
export const badPolicy: Check = {
  id: "UPL-FM-06",
  title: "What no policy describes is refused, and a broken policy opens nothing",
  why: "A front that lets pass what it does not know turns every typing error in its settings into a hole.",
  standards: ["v5.0.0-16.5.3", "CWE-1188", "CWE-453"],
  flags: ["s", "o"],
  remedy: {
    fastapi:
      "Settings by `pydantic-settings` without defaults for what must be said, read at start: a missing one ends the process.",
    django:
      "`ImproperlyConfigured` at start for each setting that must be there; `manage.py check --deploy` in CI.",
    flask: "Read and check all settings in the app's factory; end where one is missing.",
    gate: "`sluicegate lint` in CI; a flow that cannot be read leaves the last good one in force, or the gate not ready.",
  },
  cases: [
    beside("a path beside the route", (path) => `/flowcheck-beside${path}`),
    beside("the route with more behind it", (path) => `${path}/more/of/it`),
    beside("the route in capitals", (path) => path.toUpperCase(), hasLetters),
    ...strictly([
      refuses(
        "a host that is none",
        (target) => probeOf(withHeader(controlRequest(target), "Host", "Host: a b")),
        { statuses: [400, 404, 421], gateCodes: ["REQUEST_MALFORMED"] },
      ),
    ]),
  ],
  scenarios: [
    broken("the policy cannot be read", "policy-broken"),
    broken("the policy is empty", "policy-empty"),
  ],
};
