import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `store`. Codes are never renamed once published, only retired. */
export const STORE_CODES = {
  STORAGE_FULL: {
    status: 507,
    title: "There is no room for the upload",
    retry: "later",
    meaning: "The disk that holds quarantine and store is full.",
    remedy: "Send the same request again later.",
  },
  STORAGE_WRITE_FAILED: {
    status: 503,
    title: "The upload could not be stored",
    retry: "later",
    meaning: "Writing or syncing to storage failed.",
    remedy: "Send the same request again later.",
  },
  STORAGE_READ_FAILED: {
    status: 503,
    title: "The upload could not be read back",
    retry: "later",
    meaning: "Reading from storage failed.",
    remedy: "Send the same request again later.",
  },
  STORAGE_OBJECT_MISSING: {
    status: 404,
    title: "There is no such file",
    retry: "never",
    meaning: "The object is not, or no longer, in the store.",
    remedy: "Upload it again.",
  },
  RECORDS_UNAVAILABLE: {
    status: 503,
    title: "The upload could not be recorded",
    retry: "later",
    meaning: "The records database did not take the record.",
    remedy: "Send the same request again later.",
  },
  RECORDS_STATE_CONFLICT: {
    status: 409,
    title: "The upload is not in the state that this step needs",
    retry: "never",
    meaning: "Another step moved the upload first.",
    remedy: "Ask for the state of the upload.",
  },
  RECORDS_KEY_TAKEN: {
    status: 409,
    title: "The Idempotency-Key is taken",
    retry: "later",
    meaning: "Another upload with this key was recorded first.",
    remedy: "Send the same request again: it gets the first one's answer.",
  },
  RECORDS_API_KEY_ENDED: {
    status: 403,
    title: "The API key ended while the upload was under way",
    retry: "never",
    meaning: "The key was revoked, or made anew, before the upload was recorded.",
    remedy: "Get a new key and send the upload again.",
  },
  RECORDS_GRANT_USED: {
    status: 403,
    title: "The grant was used already",
    retry: "never",
    meaning: "Another upload with this grant was recorded first.",
    remedy: "Ask the service for a new grant.",
  },
  RECORDS_UPLOAD_UNKNOWN: {
    status: 404,
    title: "There is no such upload",
    retry: "never",
    meaning: "No record has this id.",
    remedy: "Check the id.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
