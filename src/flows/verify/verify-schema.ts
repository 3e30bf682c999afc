/**
 * The schema of `verify`: how `sluicegate check` gets at the route; what it becomes.
 *
 * What hangs together across keys is looked at by `verify-consistency.ts`.
 */
import { resolve } from "node:path";
import { z } from "zod";
import { frozenMap } from "../../setup/frozen.ts";
import { describeWritten, misread, type Reading, readDistinct } from "../../setup/reading.ts";
import { group, namedGroup, text, value, word } from "../../setup/schema.ts";
import type { FlowVerify, SecretSource, VerifyCredentials, VerifyReadBack } from "../flow.ts";
import { readDay } from "../written-day.ts";
import { FAULT_MEANINGS, FAULT_NAMES, HOOK_MEANINGS, HOOK_NAMES } from "./hook-names.ts";
import {
  readCheckId,
  readFieldValue,
  readHeaderLine,
  readHeaderName,
  readOriginUrl,
  readPointer,
  readSecretName,
  readSegment,
  readTarget,
} from "./verify-values.ts";

const COMMAND_CHARS_MAX = 1000;
const NAME = { type: "string", minLength: 1, description: "The name." };

const command = (description: string): z.ZodType<string> =>
  text("write a line for the shell; it runs in the flow's folder.", description, COMMAND_CHARS_MAX);

const secret = (description: string): z.ZodType<string> =>
  value(readSecretName, "name it: env:NAME, file:PATH or command:LINE.", {
    description: `${description} Named, not written: env:NAME, file:PATH or command:LINE, whose one line of output is the whole value of the header.`,
    type: "string",
    pattern: "^(env|file|command):",
    examples: ["env:UPLOAD_TOKEN"],
  });

const target = (description: string, id: "required" | "optional" | "none", example: string) =>
  value((written) => readTarget(written, id), `write a path such as ${example}.`, {
    description,
    type: "string",
    pattern: id === "required" ? "^/.*\\{id\\}" : "^/",
    examples: [example],
  });

const pointer = (description: string) =>
  value(readPointer, "write a JSON pointer such as /id.", {
    description,
    type: "string",
    pattern: "^/",
    examples: ["/id"],
  });

const header = (description: string, example: string) =>
  value(readHeaderName, `write a header's name such as ${example}.`, {
    description,
    type: "string",
    examples: [example],
  });

const origin = (description: string, example: string) =>
  value(readOriginUrl, `write an origin such as ${example}.`, {
    description,
    type: "string",
    pattern: "^https?://",
    examples: [example],
  });

const credentials = group(
  {
    header: header("The header that the credential stands in.", "Authorization"),
    main: secret("Of somebody who may upload."),
    other: secret("Of somebody else who may upload.").optional(),
    "read-only": secret("Of somebody who is known and may not upload.").optional(),
    expired: secret("That was good once.").optional(),
    forged: secret(
      "Of the right form, and never given out; main with one character changed where left out.",
    ).optional(),
  },
  "write { header: Authorization, main: env:UPLOAD_TOKEN }.",
  "Who to send as. Nobody's secret stands in this file.",
);

const id = group(
  {
    header: header("The answer's header that tells the id, or ends in it.", "Location").optional(),
    pointer: pointer("Where the id stands in the answer's JSON.").optional(),
  },
  "write { header: Location } or { pointer: /id }.",
  "Where the answer to an accepted upload tells its id.",
);

const readBack = group(
  {
    id: id.optional(),
    url: target("Path at which GET gives the stored bytes again.", "required", "/api/files/{id}").optional(),
    state: group(
      {
        path: target("Path at which the state is told as JSON.", "required", "/api/uploads/{id}"),
        sha256: pointer("Where the SHA-256 of the first file stands, in hexadecimal.").optional(),
        size: pointer("Where its size in bytes stands.").optional(),
      },
      "write { path: /api/uploads/{id} }.",
      "Where one can ask what became of an upload.",
    ).optional(),
    list: target(
      "Path at which GET lists what is stored: what is listed afterwards and was not before was stored.",
      "none",
      "/api/files",
    ).optional(),
    command: command(
      'Prints what is stored, one JSON object a line: {"name", "size", "sha256"}; all but name may be missing.',
    ).optional(),
  },
  "write one of url, state, list and command.",
  "How to see what was stored. Without it, no check can tell whether something that was refused is stored all the same.",
);

const cleanup = group(
  {
    method: word("The method that removes what was stored.", {
      built: { DELETE: "It is deleted.", POST: "An action.", PUT: "A change.", PATCH: "A change." },
    }).optional(),
    path: target("Its path; {id} is the id of read-back.", "optional", "/api/files/{id}").optional(),
    command: command(
      "A command that removes what was stored; {id} is the id of read-back, also $SLUICEGATE_CHECK_UPLOAD.",
    ).optional(),
  },
  "write { method: DELETE, path: /api/files/{id} } or { command: … }.",
  "How what a check has stored is removed again.",
);

const fault = group(
  {
    inject: command("Makes the fault; returns when it is there."),
    heal: command("Undoes it; returns when uploads are taken as before."),
  },
  "write { inject: …, heal: … }.",
  "Commands that make a fault and undo it.",
);

const manual = group(
  {
    check: value(readCheckId, "write a check's id such as UPL-FM-04.", {
      description: "The check.",
      type: "string",
      pattern: "^UPL-[A-Z]{2}-[0-9]{2}$",
    }),
    result: word("What was found.", { built: { pass: "It holds.", fail: "It does not." } }),
    who: text("write who looked.", "Who looked."),
    when: value(readDay, "write the day on which it was looked at.", {
      description: "On which day.",
      type: "string",
      format: "date",
    }),
    note: text("write what was looked at, in a sentence.", "What was looked at, and what was seen."),
  },
  "write { check: UPL-FM-04, result: pass, who: …, when: 2026-11-22, note: … }.",
  "What a person has looked at.",
);

/** `verify`, key by key. */
export const verifySchema = group(
  {
    samples: namedGroup(
      text("write the path of a file.", "Path of the sample, relative to this folder."),
      "write { picture: samples/photo.png }.",
      "The file of each file field in an upload that must pass; the first of samples/ that fits where left out.",
      NAME,
    ).optional(),
    fields: namedGroup(
      value(readFieldValue, "write its text.", { description: "The text.", type: "string" }),
      "write { caption: Sea }.",
      "Texts of the upload that must pass.",
      NAME,
    ).optional(),
    path: namedGroup(
      value(readSegment, "write what stands there.", { description: "The segment.", type: "string" }),
      'write { user: "42" }.',
      "What stands for the {names} of route.path.",
      NAME,
    ).optional(),
    headers: value(readHeaderLines, "write a list of header lines.", {
      description: "Header lines that every request needs; no credentials.",
      type: "array",
      items: { type: "string", examples: ["X-Tenant: test"] },
    }).optional(),
    credentials: credentials.optional(),
    "read-back": readBack.optional(),
    cleanup: cleanup.optional(),
    hooks: group(
      Object.fromEntries(HOOK_NAMES.map((name) => [name, command(HOOK_MEANINGS[name]).optional()])),
      "write { log: tail -n 1000 service.log }.",
      "What only the operator can do or see: commands, run in the flow's folder.",
    ).optional(),
    faults: group(
      Object.fromEntries(
        FAULT_NAMES.map((name) => [name, fault.meta({ description: FAULT_MEANINGS[name] }).optional()]),
      ),
      "write { service-down: { inject: …, heal: … } }.",
      "Faults that can be made while a check looks on.",
    ).optional(),
    framework: word("What the service is written with: remedies are told in its words.", {
      built: { fastapi: "FastAPI or Starlette.", django: "Django.", flask: "Flask or Werkzeug." },
    }).optional(),
    behind: origin(
      "Where the service behind listens, if a client could try to reach it past the front.",
      "http://127.0.0.1:8000",
    ).optional(),
    "request-id-header": header(
      "Header by which a client names its request, and finds it again in answer and log.",
      "X-Request-Id",
    ).optional(),
    "page-origin": origin(
      "Origin of a page that may send here with credentials.",
      "https://app.example.com",
    ).optional(),
    manual: z
      .array(manual, { error: "expected a list: [{ check: UPL-FM-04, result: pass, … }]." })
      .meta({ description: "What a person has looked at where no check can." })
      .optional(),
  },
  "write { read-back: … }, or remove it.",
  "How sluicegate check gets at the route; the gate itself never reads it.",
);

type WrittenVerify = z.output<typeof verifySchema>;

/** @param folder the flow's, from which relative paths count. */
export function buildVerify(written: WrittenVerify | undefined, folder: string): FlowVerify | null {
  if (written === undefined) return null;
  return {
    samples: frozenMap(
      Object.entries(written.samples ?? {}).map(([name, path]) => [name, resolve(folder, path)]),
    ),
    fields: frozenMap(Object.entries(written.fields ?? {})),
    path: frozenMap(Object.entries(written.path ?? {})),
    headers: written.headers ?? [],
    credentials: buildCredentials(written.credentials, folder),
    readBack: buildReadBack(written["read-back"]),
    cleanup: buildCleanup(written.cleanup),
    hooks: frozenMap(presentEntries(written.hooks ?? {})),
    faults: frozenMap(presentEntries(written.faults ?? {})),
    framework: written.framework ?? null,
    behind: written.behind ?? null,
    requestIdHeader: written["request-id-header"] ?? null,
    pageOrigin: written["page-origin"] ?? null,
    manual: written.manual ?? [],
  };
}

function buildCredentials(written: WrittenVerify["credentials"], folder: string): VerifyCredentials | null {
  if (written === undefined) return null;
  const source = (named: string): SecretSource =>
    (named.startsWith("file:")
      ? `file:${resolve(folder, named.slice("file:".length))}`
      : named) as SecretSource;
  const orNull = (named: string | undefined): SecretSource | null =>
    named === undefined ? null : source(named);
  return {
    header: written.header,
    main: source(written.main),
    other: orNull(written.other),
    readOnly: orNull(written["read-only"]),
    expired: orNull(written.expired),
    forged: orNull(written.forged),
  };
}

function buildReadBack(written: WrittenVerify["read-back"]): VerifyReadBack {
  const { header: inHeader, pointer: inBody } = written?.id ?? {};
  const { path, sha256 = null, size = null } = written?.state ?? {};
  return {
    id: inHeader !== undefined ? { header: inHeader } : inBody !== undefined ? { pointer: inBody } : null,
    url: written?.url ?? null,
    state: path === undefined ? null : { path, sha256, size },
    list: written?.list ?? null,
    command: written?.command ?? null,
  };
}

function buildCleanup(written: WrittenVerify["cleanup"]): FlowVerify["cleanup"] {
  if (written?.command !== undefined) return { command: written.command };
  const { method, path } = written ?? {};
  return method === undefined || path === undefined ? null : { method, path };
}

function presentEntries<T>(written: Readonly<Record<string, T | undefined>>): [string, T][] {
  return Object.entries(written).flatMap(([name, one]) => (one === undefined ? [] : [[name, one]]));
}

function readHeaderLines(written: unknown): Reading<readonly string[]> {
  return Array.isArray(written)
    ? readDistinct(written, readHeaderLine)
    : misread(
        `expected a list of header lines, found ${describeWritten(written)}; write ["X-Tenant: test"].`,
      );
}
