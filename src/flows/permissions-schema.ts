/**
 * The schema of `permissions`: who may send, from which pages, and how much; what it becomes and what it says.
 *
 * What hangs together across keys is looked at by `permissions-consistency.ts`.
 */
import type { z } from "zod";
import { frozenMap } from "../setup/frozen.ts";
import { describeWritten, listWords, misread, type Reading, read, readDistinct } from "../setup/reading.ts";
import { group, namedGroup, value, word } from "../setup/schema.ts";
import type { CallerKind, FlowPermissions } from "./flow.ts";
import { readPathTemplate } from "./route-template.ts";
import { buildShares, shareKeys, shareSentence } from "./shares-schema.ts";

const caller = word<CallerKind>("Who may send.", {
  built: {
    public: "Anybody who reaches the gate; the service itself checks who it is.",
    "api-key": "Whoever has a key of this gate (sluicegate key add).",
    jwt: "Whoever has a token of the identity provider that callers.jwt of the settings names.",
    grant: "Whoever has a grant for one upload, signed by the service with the keys of callers.grant.",
    upstream: "Whoever the service says yes to: it is asked with the headers, before the body.",
  },
});

const require = namedGroup(
  value(readRequired, "write what it must have.", {
    description: "One text that must be there, or a list of which all must be.",
    oneOf: [{ type: "string" }, { type: "array", minItems: 1, uniqueItems: true, items: { type: "string" } }],
  }),
  "write { scope: avatars:write }, or remove it.",
  "What a caller must have beside being known: claims of a jwt, or the scope of an api-key.",
  { type: "string", minLength: 1, maxLength: 200, description: "A claim; with api-key: scope." },
).optional();

const ask = value(readAskPath, "write the path at which the service is asked: /auth/upload.", {
  description: "The path at which the flow's upstream is asked; with caller: upstream, and only then.",
  type: "string",
  pattern: "^/",
  examples: ["/auth/upload"],
}).optional();

const origins = value(readOrigins, "write a list of origins.", {
  description:
    "Origins whose pages may send here beside the gate's own, or any (then never with cookies); only the gate's own where left out.",
  oneOf: [
    { const: "any", description: "Pages of all origins, without cookies." },
    {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { type: "string", pattern: "^https?://", examples: ["https://app.example.com"] },
    },
  ],
}).optional();

/** `permissions`, key by key. */
export const permissionsSchema = group(
  { caller, require, ask, origins, ...shareKeys },
  "a flow without permissions lets nobody in; write permissions: { caller: public } to let everybody in who reaches the gate.",
  "Who may send. Deny by default: it has to be written.",
);

/** From what is written to what the gate goes by. */
export function buildPermissions(written: z.output<typeof permissionsSchema>): FlowPermissions {
  return {
    caller: written.caller,
    require: frozenMap(Object.entries(written.require ?? {})),
    askPath: written.ask ?? null,
    origins: written.origins ?? [],
    shares: buildShares(written, written.caller),
  };
}

/** Who may send, from where and how much, in sentences. */
export function permissionSentences(permissions: FlowPermissions): string[] {
  return [
    callerSentence(permissions),
    ...requireSentences(permissions),
    originSentence(permissions),
    ...permissions.shares.map(shareSentence),
  ];
}

function callerSentence({ caller: kind, askPath }: FlowPermissions): string {
  switch (kind) {
    case "public":
      return "Anybody who reaches the gate. The service itself checks who it is.";
    case "api-key":
      return "Whoever sends a key of this gate (sluicegate key add) that is neither revoked nor expired.";
    case "jwt":
      return "Whoever sends a valid token of the identity provider that callers.jwt of the settings names.";
    case "grant":
      return "Whoever sends a grant that the service signed; a grant is good for one upload.";
    case "upstream":
      return `Whoever the service says yes to: it is asked at ${askPath} with the request's headers, before the body is read and again before the upload is released.`;
  }
}

function requireSentences({ caller: kind, require: required }: FlowPermissions): string[] {
  return [...required].map(([name, values]) =>
    kind === "api-key"
      ? `The key must have the ${values.length === 1 ? "scope" : "scopes"} ${listWords(values, "and")}.`
      : `The token's claim ${name} must have ${listWords(values, "and")}.`,
  );
}

function originSentence({ origins: listed }: FlowPermissions): string {
  if (listed === "any") return "In a browser, pages of any origin may send, without cookies.";
  if (listed.length === 0) return "In a browser, only pages of the gate's own origin may send.";
  return `In a browser, pages of the gate's own origin may send, and those of ${listWords(listed, "and")}.`;
}

/** Values are compared with the parts of a claim that is split at spaces, so one with a space could never be found. */
function readRequired(written: unknown): Reading<readonly string[]> {
  if (!Array.isArray(written)) {
    const single = readRequiredText(written);
    return single.ok ? read([single.value]) : single;
  }
  return written.length === 0
    ? misread("this list is empty; write what the caller must have, or remove it.")
    : readDistinct(written, readRequiredText);
}

function readRequiredText(written: unknown): Reading<string> {
  if (typeof written !== "string" || written === "") {
    return misread(`expected a text or a list of texts, found ${describeWritten(written)}.`);
  }
  if (/\s/.test(written)) {
    return misread(
      `${describeWritten(written)} has a space; write a list: [${written.trim().split(/\s+/).join(", ")}].`,
    );
  }
  return written.length > 200 ? misread("this is longer than 200 characters.") : read(written);
}

function readAskPath(written: unknown): Reading<string> {
  if (typeof written !== "string" || !written.startsWith("/")) {
    return misread(
      `expected a path of the service, beginning with a slash, found ${describeWritten(written)}; write it like /auth/upload.`,
    );
  }
  if (/[{}]/.test(written)) {
    return misread("this path is the same for every upload, so it has no parameters.");
  }
  return readPathTemplate(written);
}

function readOrigins(written: unknown): Reading<"any" | readonly string[]> {
  if (written === "any") return read("any");
  if (written === "*") return misread('"*" is written as the word any: origins: any.');
  if (typeof written === "string") {
    const single = readOrigin(written);
    return single.ok ? misread(`write it as a list: origins: [${written}].`) : single;
  }
  if (!Array.isArray(written) || written.length === 0) {
    return misread(
      `expected a list of origins or the word any, found ${describeWritten(written)}; remove it to let only pages of the gate's own origin send.`,
    );
  }
  return readDistinct(written, readOrigin);
}

/** An origin is compared character by character with what a browser sends: RFC 6454 section 6.2. */
function readOrigin(written: unknown): Reading<string> {
  if (written === "any") return misread('the word any stands alone: "origins: any", not in a list.');
  if (written === "null" || written === null) {
    return misread('"null" is what sandboxed pages of anybody send; it is not taken as an origin.');
  }
  const url = typeof written === "string" ? URL.parse(written) : null;
  if (typeof written !== "string" || url === null || !/^https?:$/.test(url.protocol)) {
    return misread(`${describeWritten(written)} is not an origin; write it like https://app.example.com.`);
  }
  if (written.includes("*")) return misread("patterns are not taken; list each origin.");
  if (url.origin === written) return read(written);
  return misread(`${describeWritten(written)} is not as browsers send it; write ${url.origin}.`);
}
