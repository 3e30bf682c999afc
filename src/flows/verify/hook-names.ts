/**
 * What an operator can do or see for a run of checks, by the names that stand in a flow file. `checks/hooks.ts` says what each gives.
 */

/** Names of hooks, and what the command of each does, for whoever has to write it. */
export const HOOK_MEANINGS = {
  issue: "Makes a new identity with rights to upload and shares of its own.",
  revoke: "Ends what issue gave.",
  log: "Prints everything that was logged so far, one event a line.",
  decisions: "Prints what decisions are on record, one a line, oldest first.",
  stored: "Prints what lies on the disks: temporary files, and files that are kept.",
  record: "Prints the operator's record of one upload as JSON.",
  "mint-grant": "Makes a permission for one upload.",
  "mint-link": "Makes a link to the first file of an upload.",
  readiness: "Prints what the target says of its own readiness.",
} as const;

/** A hook that is one command; faults are written apart. */
export type VerifyHookName = keyof typeof HOOK_MEANINGS;

export const HOOK_NAMES = Object.keys(HOOK_MEANINGS) as VerifyHookName[];

/** Faults that can really be made, and undone again. */
export const FAULT_MEANINGS = {
  "service-down": "Nobody listens where the service behind was.",
  "service-silent": "The service behind takes the next upload and never answers.",
  "service-500": "The service behind takes the next upload, then answers 500.",
  "service-resets": "The service behind takes the next upload, then resets the connection.",
  "service-rubbish": "The service behind takes the next upload, then sends what is no HTTP.",
  "storage-full": "Where uploads are written is full.",
  "storage-read-only": "Where uploads are written, nothing can be written.",
  "records-locked": "Another process holds the records' database.",
  "policy-broken": "The route's description was replaced by one that cannot be read.",
  "policy-empty": "The route's description was replaced by one that says nothing.",
  crash: "The process is killed at once (inject) and started again (heal).",
} as const;

export type VerifyFaultName = keyof typeof FAULT_MEANINGS;

export const FAULT_NAMES = Object.keys(FAULT_MEANINGS) as VerifyFaultName[];
