/**
 * The schema of flow.yaml: every key that the design knows, what is built of it, and the sentence for what is not.
 */
import type { z } from "zod";
import { DURATION_PATTERN, readDuration } from "../setup/duration.ts";
import { didYouMean } from "../setup/nearest-word.ts";
import { PERCENTAGE_PATTERN, readPercentage } from "../setup/percentage.ts";
import { describeWritten, listWords, misread, type Reading, read, readDistinct } from "../setup/reading.ts";
import { group, readWord, text, value, type Words, wholeNumber, word } from "../setup/schema.ts";
import { failureSchema } from "./failure-schema.ts";
import { acceptSchema } from "./file-rule.ts";
import type { FlowMode, FlowProtocol } from "./flow.ts";
import { inspectSchema } from "./inspect-schema.ts";
import { measureSchema } from "./measure/measure-schema.ts";
import { watchSchema } from "./measure/watch-schema.ts";
import { permissionsSchema } from "./permissions-schema.ts";
import { retrySchema } from "./retry-schema.ts";
import { readPathTemplate } from "./route-template.ts";
import { verifySchema } from "./verify/verify-schema.ts";
import { readDay } from "./written-day.ts";

/** What each mode means, in one sentence. */
export const MODE_MEANINGS: Readonly<Record<FlowMode, string>> = {
  off: "The route passes through untouched; the gate only counts and times.",
  observe: "The original request passes through byte for byte; what would have been refused is recorded.",
  enforce: "Only what the flow allows gets through.",
};

export const FLOW_NAME_PATTERN = "^[a-z][a-z0-9-]{0,62}$";

const flowName = value(readFlowName, "write the folder's name.", {
  description: "The flow's name; the same as its folder's.",
  type: "string",
  pattern: FLOW_NAME_PATTERN,
});

const owner = value(readOwner, "write who answers for this route: accounts team <accounts@example.com>.", {
  description: "Who answers for this route: a team, an e-mail address, or both.",
  type: "string",
  examples: ["accounts team <accounts@example.com>"],
});

const method = word("The method that clients use.", {
  built: {
    POST: "An upload to a form or collection.",
    PUT: "A file to a place of its own.",
    PATCH: "A change.",
  },
});

const PROTOCOLS: Words<FlowProtocol> = {
  built: {
    multipart: "multipart/form-data, as browsers and HTTP libraries send forms.",
    raw: "The body is the file.",
  },
  notBuilt: {
    tus: "remove it from the list; multipart and raw are built.",
    resumable: "remove it from the list; multipart and raw are built.",
  },
};

const protocols = value(readProtocols, "write protocols: [multipart] or [raw].", {
  description: "How the bytes may come.",
  type: "array",
  minItems: 1,
  uniqueItems: true,
  items: {
    oneOf: Object.entries(PROTOCOLS.built).map(([name, means]) => ({ const: name, description: means })),
  },
});

const path = value(readPathTemplate, "write the path as a client requests it: /api/avatars.", {
  description: "The path, as in OpenAPI: {name} stands for one non-empty segment.",
  type: "string",
  pattern: "^/",
  examples: ["/api/users/{user}/avatar"],
});

const duration = (description: string): z.ZodType<number> =>
  value(readDuration, "write a duration such as 800 ms.", {
    description,
    type: "string",
    pattern: DURATION_PATTERN,
    examples: ["800 ms"],
  });

const expect = group(
  {
    status: wholeNumber(200, 599, "The status that the service answers with when all is well.").optional(),
    body: text(
      "write the schema file's path.",
      "A JSON Schema file of the answer, relative to this folder.",
    ).optional(),
    p95: duration("95 of 100 answers are faster.").optional(),
    "error-rate": value(readPercentage, "write a percentage such as 0.1 %.", {
      description: "The largest share of failed requests.",
      type: "string",
      pattern: PERCENTAGE_PATTERN,
      examples: ["0.1 %"],
    }).optional(),
    "database-calls": wholeNumber(0, 100_000, "How many calls to its database the service makes.").optional(),
  },
  "write { status: 201 }, or remove it.",
  "What is expected when all is well; told by explain.",
);

const rollback = group(
  {
    note: text("write it in a sentence.", "How to undo what this flow does, in a sentence.").optional(),
    command: text("write a command.", "The command that undoes it.").optional(),
    tried: value(readDay, "write a date such as 2026-11-22.", {
      description: "The day on which it was last tried.",
      type: "string",
      format: "date",
    }).optional(),
  },
  "write { note: … }, or remove it.",
  "How to roll back; told by explain.",
);

/** flow.yaml, key by key. What hangs together across keys is looked at by `flow-consistency.ts`. */
export const flowSchema = group(
  {
    flow: flowName,
    summary: text("write what users do here, in a line.", "What users do here, in a line."),
    owner,
    noticed: text(
      "write the page and what is seen there.",
      "The exact place where a user notices that it does not work.",
    ).optional(),
    mode: word("What the gate does.", { built: MODE_MEANINGS }),
    route: group(
      { method, path, protocols },
      "write route: { method: POST, path: /api/avatars, protocols: [multipart] }.",
      "The requests that this flow is about.",
    ),
    accept: acceptSchema,
    permissions: permissionsSchema,
    inspect: inspectSchema.optional(),
    deliver: word("How the service gets the files.", {
      built: {
        forward: "As an ordinary request with the files in it.",
        receipt: "As the same request with a signed receipt in place of each file.",
      },
      notBuilt: { webhook: "write deliver: forward or deliver: receipt." },
    }),
    upstream: text(
      "write a name from upstreams in sluicegate.yaml.",
      "The service: a name from sluicegate.yaml.",
    ),
    credentials: word("Whether Authorization and Cookie go on to the service; forward where left out.", {
      built: { forward: "They go on.", strip: "They are taken out." },
    }).default("forward"),
    retry: retrySchema.optional(),
    expect: expect.optional(),
    failure: failureSchema.optional(),
    rollback: rollback.optional(),
    verify: verifySchema.optional(),
    measure: measureSchema.optional(),
    watch: watchSchema.optional(),
  },
  "a flow file begins with flow: and its name.",
  "One upload route of a service and everything said about it.",
);

export type WrittenFlow = z.output<typeof flowSchema>;

function readFlowName(written: unknown): Reading<string> {
  if (typeof written === "string" && new RegExp(FLOW_NAME_PATTERN).test(written)) return read(written);
  return misread(
    `${describeWritten(written)} is not a flow's name: small letters, digits and -, beginning with a letter, at most 63.`,
  );
}

function readOwner(written: unknown): Reading<string> {
  if (typeof written !== "string" || !/\p{L}{2}/u.test(written)) {
    return misread(`expected a team or an e-mail address, found ${describeWritten(written)}.`);
  }
  const address = /<([^<>]*)>\s*$/.exec(written)?.[1] ?? (written.includes("@") ? written.trim() : null);
  if (address !== null && !/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+$/.test(address)) {
    return misread(
      `${describeWritten(address)} is not an e-mail address; write: team name <team@example.com>.`,
    );
  }
  return written.length > 200 ? misread("this is longer than 200 characters.") : read(written.trim());
}

function readProtocols(written: unknown): Reading<readonly FlowProtocol[]> {
  const known = Object.keys(PROTOCOLS.built);
  if (!Array.isArray(written) || written.length === 0) {
    const hint = typeof written === "string" ? didYouMean(written, known).replace(/"(.*)"/, "[$1]") : "";
    return misread(
      `expected a list of ${listWords(known, "and")}, found ${describeWritten(written)}.${hint}`,
    );
  }
  return readDistinct(written, (protocol) => readWord(protocol, PROTOCOLS));
}
