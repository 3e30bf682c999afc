import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `permission`: who may, how much, how often. Codes are never renamed once published, only retired. */
export const PERMISSION_CODES = {
  CREDENTIALS_MISSING: {
    status: 401,
    title: "The request does not say who sends it",
    retry: "never",
    meaning:
      "The route takes uploads of known callers only, and the request has no credentials of the kind that it asks for.",
    remedy: "Send the credentials that the WWW-Authenticate header names.",
  },
  CREDENTIALS_INVALID: {
    status: 401,
    title: "The credentials are not valid",
    retry: "never",
    meaning:
      "The key, token or grant is malformed, unknown, revoked, expired, not valid yet, or signed by somebody else.",
    remedy: "Get new credentials and send the request again.",
  },
  CREDENTIALS_AMBIGUOUS: {
    status: 400,
    title: "The request has more than one set of credentials",
    retry: "never",
    meaning: "Two credentials were sent where one is expected, so that it is open which one counts.",
    remedy: "Send one.",
  },
  PERMISSION_DENIED: {
    status: 403,
    title: "The caller may not do this",
    retry: "never",
    meaning: "The caller is known, and the flow asks for a right that it does not have.",
    remedy: "Ask whoever gives out the credentials for that right.",
  },
  PERMISSION_REVOKED: {
    status: 403,
    title: "The permission ended while the upload was under way",
    retry: "never",
    meaning:
      "When the upload began the caller had the permission; when it was complete, no longer. Nothing was passed on.",
    remedy: "Get new credentials and send the upload again.",
  },
  PERMISSION_UNAVAILABLE: {
    status: 503,
    title: "It could not be found out who may send",
    retry: "later",
    meaning: "The keys to check a token with, or the service that is asked, could not be reached.",
    remedy: "Send the same request again later.",
  },
  CROSS_SITE_REFUSED: {
    status: 403,
    title: "Pages of this origin may not send here",
    retry: "never",
    meaning: "A browser sent the request for a page of another origin, which the flow does not list.",
    remedy:
      "Send it from a page of the service's own origin, or have the origin listed in permissions.origins.",
  },
  GRANT_USED: {
    status: 403,
    title: "The grant was used already",
    retry: "never",
    meaning: "A grant is good for one upload, and that one was taken.",
    remedy: "Ask the service for a new grant.",
  },
  GRANT_MISMATCH: {
    status: 403,
    title: "The grant is for another upload",
    retry: "never",
    meaning: "The grant names another flow, or other content than what was sent.",
    remedy: "Ask the service for a grant for this upload.",
  },
  LINK_INVALID: {
    status: 403,
    title: "The link is not valid",
    retry: "never",
    meaning: "The download link is malformed, expired, for another file, or not signed by the service.",
    remedy: "Ask the service for a new link.",
  },
  RATE_EXCEEDED: {
    status: 429,
    title: "Too many requests",
    retry: "later",
    meaning: "More requests came than the flow allows in that time.",
    remedy: "Send the same request again after the time in Retry-After.",
  },
  CONCURRENCY_EXCEEDED: {
    status: 429,
    title: "Too many uploads at once",
    retry: "later",
    meaning: "As many uploads as the flow allows at once are under way.",
    remedy: "Send the same request again when one of them has ended.",
  },
  QUOTA_EXCEEDED: {
    status: 429,
    title: "The quota is used up",
    retry: "later",
    meaning: "The upload would take more bytes or files than the flow allows in that time.",
    remedy: "Send a smaller upload, or the same after the time in Retry-After.",
  },
  QUOTA_TOO_SMALL: {
    status: 413,
    title: "The upload is larger than the whole quota",
    retry: "never",
    meaning:
      "The upload alone would take more bytes or files than the flow allows in that time, so it can never fit.",
    remedy: "Send a smaller upload.",
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    title: "The Idempotency-Key is missing",
    retry: "never",
    meaning: "The flow asks for an Idempotency-Key, so that a retry cannot make a second upload.",
    remedy: "Send a new random key with each upload, and the same key with each retry of it.",
  },
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    title: "The Idempotency-Key cannot be read",
    retry: "never",
    meaning:
      "The header is sent twice, empty, longer than 255 characters, or neither a quoted string nor a bare token.",
    remedy: 'Send one key such as "8e03978e-40d5-43dd-bc93-6894a57f9324".',
  },
  IDEMPOTENCY_KEY_RUNNING: {
    status: 409,
    title: "The first upload with this Idempotency-Key is still under way",
    retry: "later",
    meaning: "Another request with the same key has begun and has no answer yet.",
    remedy: "Send the same request again after the time in Retry-After: it gets the first one's answer.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: "The Idempotency-Key belongs to another upload",
    retry: "never",
    meaning: "The key was used for other content, or for another request.",
    remedy: "Send a new key with a new upload.",
  },
  IDEMPOTENCY_UNDECIDED: {
    status: 409,
    title: "It is not known whether the first upload with this key reached the service",
    retry: "later",
    meaning:
      "The first upload with this key was handed to the service and its answer was lost. It waits for another try or for a person.",
    remedy: "Ask for the state of the upload; send the same request again later.",
  },
  IDEMPOTENCY_ANSWER_NOT_KEPT: {
    status: 409,
    title: "The upload was done, and its answer was too large to keep",
    retry: "never",
    meaning: "The first upload with this key is done. Its answer is not stored, so it cannot be given again.",
    remedy: "Nothing needs to be sent again; ask the service for the result.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
