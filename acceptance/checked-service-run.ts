/**
 * Runs of `sluicegate check` on the small services, as a person would make them: from the flow file that says how to get at the service.
 */
import { join } from "node:path";
import type { CheckRun } from "../src/checks/run/check-run.ts";
import { runChecks } from "../src/checks/run/run-checks.ts";
import type { CheckSubject } from "../src/checks/run/run-request.ts";
import { subjectOfFlow } from "../src/checks/targets/make-subject.ts";
import { readFlow } from "../src/flows/read-flow.ts";
import type { CheckedService } from "./checked-service.ts";

export const SERVICE_FLOWS = join(import.meta.dirname, "../fixtures/services/flows");

/** What the services promise in their own words, and a flow has no key for. */
const ALSO_PROMISED = { digests: ["content-digest", "repr-digest", "content-md5"], atOnceMax: 20 };

/** The services are as strict as the gate, and say so. */
const STRICT: ReadonlySet<string> = new Set(["refusals", "strictness"]);

export interface ServiceRun {
  /** Folder below `fixtures/services/flows/`. */
  readonly flow: string;
  /** Of the service, or of the gate in front of it. */
  readonly origin: string;
  readonly only?: readonly string[];
  readonly runId: string;
  /** Looks straight into the service's records, in place of reading back as the flow says: faster. */
  readonly isLookedInto?: boolean;
  /** The log that is looked into; default: the service's. */
  readonly log?: () => Promise<string>;
}

/** A run with everything that the profile `staging` has, or with some of it. */
export async function runOnService(service: CheckedService, run: ServiceRun): Promise<CheckRun> {
  const subject = await subjectOn(service, run);
  try {
    return await runChecks(subject, {
      runId: run.runId,
      profile: "staging",
      only: run.only ?? [],
      skip: [],
      requestsMax: 20_000,
      sentBytesMax: 2 ** 31,
      elapsedMsMax: 600_000,
      onEvent: () => {},
      signal: new AbortController().signal,
    });
  } finally {
    await subject.close();
  }
}

async function subjectOn(service: CheckedService, run: ServiceRun): Promise<CheckSubject> {
  Object.assign(process.env, service.environment);
  const reading = await readFlow(join(SERVICE_FLOWS, run.flow, "flow.yaml"), { upstreams: "any" });
  if (!reading.ok) throw new Error(reading.problems.map(({ message }) => message).join("\n"));
  const { flow, source } = reading;
  const { origin, runId } = run;
  const subject = await subjectOfFlow({ flow, source, origin, runId, settings: null, first: "none" });
  const { target } = subject;
  const promises = { ...target.promises, ...ALSO_PROMISED };
  const unpromised = new Set([...(target.unpromised ?? [])].filter((topic) => !STRICT.has(topic)));
  // Commands do the same as these functions, and each costs the start of a program.
  const evidence = run.isLookedInto === true ? service.evidence : subject.evidence;
  const hooks = { ...service.hooks, ...(run.log === undefined ? {} : { log: run.log }) };
  return { ...subject, evidence, target: { ...target, promises, unpromised }, hooks };
}
