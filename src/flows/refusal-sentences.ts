/**
 * What a flow refuses, in sentences, from the same table of codes that the answers are made of.
 */
import { ERROR_CODES, type ErrorCode } from "../problems/error-code.ts";
import type { Flow, ShareRule } from "./flow.ts";

type RefusalRow = readonly [applies: boolean, what: string, code: ErrorCode];

/** What the flow refuses, each with the status and code that clients get. */
export function refusalSentences(flow: Flow): string[] {
  const lines = [...requestRows(flow), ...permissionRows(flow), ...fileRows(flow), ...formRows(flow)]
    .filter(([applies]) => applies)
    .map(([, what, code]) => `${ERROR_CODES[code].status} ${code}: ${what}`);
  return [
    ...lines,
    `What was refused and why: sluicegate uploads --flow ${flow.name}. All codes: docs/errors.md.`,
  ];
}

function requestRows({ route }: Flow): RefusalRow[] {
  const isForm = route.protocols.includes("multipart");
  return [
    [true, `a body sent by another method than ${route.method}`, "METHOD_NOT_ALLOWED"],
    [true, isForm ? "another kind of body" : "a form", "CONTENT_TYPE_UNSUPPORTED"],
  ];
}

function permissionRows({ permissions, retry }: Flow): RefusalRow[] {
  const { caller, require: required, origins, shares } = permissions;
  const shows = caller !== "public";
  const asks = caller === "upstream";
  const has = (kind: ShareRule["kind"]): boolean => shares.some((share) => share.kind === kind);
  const keyed = retry.idempotencyKey !== "off";
  return [
    [origins !== "any", "a request of a page that may not send here", "CROSS_SITE_REFUSED"],
    [
      shows,
      asks ? "no credentials, and the service answers 401" : "a request that does not say who sends it",
      "CREDENTIALS_MISSING",
    ],
    [
      shows,
      asks ? "credentials, and the service answers 401" : "credentials that are not valid",
      "CREDENTIALS_INVALID",
    ],
    [asks, "the service answers 403 or 404", "PERMISSION_DENIED"],
    [required.size > 0, "a caller without what is required", "PERMISSION_DENIED"],
    [shows, "an upload whose caller lost its permission meanwhile", "PERMISSION_REVOKED"],
    [caller === "grant", "a grant for another upload", "GRANT_MISMATCH"],
    [caller === "grant", "a grant that was used", "GRANT_USED"],
    [has("rate"), "a request too many", "RATE_EXCEEDED"],
    [has("concurrent"), "an upload too many at once", "CONCURRENCY_EXCEEDED"],
    [has("quota"), "more than what is left of a quota", "QUOTA_EXCEEDED"],
    [has("quota"), "more than a whole quota", "QUOTA_TOO_SMALL"],
    [retry.idempotencyKey === "required", "a request without an Idempotency-Key", "IDEMPOTENCY_KEY_MISSING"],
    [keyed, "a key whose first upload is still under way", "IDEMPOTENCY_KEY_RUNNING"],
    [keyed, "a key that was used for other content", "IDEMPOTENCY_KEY_REUSED"],
  ];
}

function fileRows({ files }: Flow): RefusalRow[] {
  const verifies = [...files.values()].some((rule) => rule.types !== "any");
  return [
    [true, "a file over its size, while it arrives", "FILE_TOO_LARGE"],
    [verifies, "a file of another type", "FILE_TYPE_NOT_ALLOWED"],
    [verifies, "a file of no type that the gate knows", "FILE_TYPE_UNKNOWN"],
    [verifies, "a file whose name, declared type and content do not agree", "FILE_TYPE_MISMATCH"],
    [verifies, "a damaged file", "FILE_STRUCTURE_INVALID"],
  ];
}

function formRows({ files, fields, route }: Flow): RefusalRow[] {
  const isForm = route.protocols.includes("multipart");
  const isNeeded = [...files.values(), ...fields.values()].some((rule) => !rule.optional);
  const hasLeast = [...fields.values()].some((rule) => rule.lengthCharsMin > 0);
  return [
    [isForm, "a field that is not named above", "FIELD_UNKNOWN"],
    [isForm && isNeeded, "a required field left out", "FIELD_MISSING"],
    [isForm, "a field sent too often", "FIELD_REPEATED"],
    [isForm && fields.size > 0, "a text that is too long", "FIELD_TOO_LONG"],
    [isForm && hasLeast, "a text that is too short", "FIELD_TOO_SHORT"],
    [isForm, "a form that can be read in two ways", "PROTOCOL_BODY_MALFORMED"],
  ];
}
