/**
 * The schema of `watch`: what the gate looks at beside traffic; what it becomes.
 *
 * What hangs together across keys is looked at by `measure-consistency.ts`.
 */
import type { z } from "zod";
import { durationIn } from "../../setup/ranges.ts";
import { group, value } from "../../setup/schema.ts";
import type { FlowWatch } from "../flow.ts";
import { readHeaderName, readPointer } from "../verify/verify-values.ts";
import { readPlainTarget } from "./plain-target.ts";

const pointer = (description: string, example: string): z.ZodType<string> =>
  value(readPointer, `write a JSON pointer such as ${example}.`, {
    description,
    type: "string",
    pattern: "^/",
    examples: [example],
  });

const jobs = group(
  {
    path: value(readPlainTarget, "write a path such as /internal/jobs.", {
      description: "Path of the service at which GET tells of its jobs as JSON.",
      type: "string",
      pattern: "^/",
      examples: ["/internal/jobs"],
    }),
    total: pointer("Where it stands how many there were in the last hour.", "/last_hour/total"),
    failed: pointer("Where it stands how many of them failed.", "/last_hour/failed"),
    newest: pointer("Where the newest failure stands in words.", "/last_hour/newest_failure").optional(),
  },
  "write { path: /internal/jobs, total: /total, failed: /failed }.",
  "Jobs that the service does after an upload, such as scans.",
);

/** `watch`, key by key. */
export const watchSchema = group(
  {
    "probe-every": durationIn({
      description: "So often a small marked upload is sent through and removed again; never where left out.",
      min: 5_000,
      max: 86_400_000,
      example: "1min",
    }).optional(),
    "version-header": value(readHeaderName, "write a header's name such as X-Service-Version.", {
      description: "The header of the service's answers that tells its version.",
      type: "string",
      examples: ["X-Service-Version"],
    }).optional(),
    jobs: jobs.optional(),
  },
  "write { probe-every: 1min }, or remove it.",
  "What is watched beside traffic.",
);

/** From what is written to what the console goes by. */
export function buildWatch(written: z.output<typeof watchSchema> | undefined): FlowWatch {
  const { path, total, failed, newest = null } = written?.jobs ?? {};
  const isTold = path !== undefined && total !== undefined && failed !== undefined;
  return {
    probeEveryMs: written?.["probe-every"] ?? null,
    versionHeader: written?.["version-header"]?.toLowerCase() ?? null,
    jobs: isTold ? { path, total, failed, newest } : null,
  };
}
