import type { ErrorCodeRow } from "../error-code-row.ts";

/** Errors of the stage `console`. Codes are never renamed once published, only retired. */
export const CONSOLE_CODES = {
  CONSOLE_SIGN_IN_NEEDED: {
    status: 401,
    title: "Nobody is signed in",
    retry: "never",
    meaning:
      "The console may be read without signing in only on the gate's own machine, by a loopback address; changing always needs a session.",
    remedy:
      "Run sluicegate console on the gate's machine: it prints a link that signs in, and says where the token is.",
  },
  CONSOLE_LINK_USED: {
    status: 401,
    title: "The link to sign in cannot be used",
    retry: "never",
    meaning: "Such a link opens one session, within five minutes, as long as the gate that made it runs.",
    remedy: "Run sluicegate console again: it prints a new one.",
  },
  CONSOLE_TRIES_EXCEEDED: {
    status: 429,
    title: "Too many wrong tokens",
    retry: "later",
    meaning: "From one address only a few wrong tokens are heard in a minute.",
    remedy: "Wait a minute, and copy the token as sluicegate console shows it.",
  },
  CONSOLE_FORGERY_SUSPECTED: {
    status: 403,
    title: "The request does not come from the console's own page",
    retry: "never",
    meaning:
      "A change needs the header X-Sluicegate-Csrf with the token of the session, and an Origin that is the address of the page itself.",
    remedy:
      "Load the page again and try once more. Behind a proxy: let it pass on the Host header as the browser sent it.",
  },
  CONSOLE_REQUEST_INVALID: {
    status: 400,
    title: "The console cannot read this request",
    retry: "never",
    meaning: "A parameter of the path, the query or the body is not one that this part of the console takes.",
    remedy: "Send what expected says.",
  },
  CONSOLE_UNKNOWN: {
    status: 404,
    title: "The console knows nothing by this name",
    retry: "never",
    meaning: "There is no such page, flow, request, upload or document, or it has been forgotten since.",
    remedy: "Begin at the front page.",
  },
  CONSOLE_BUSY: {
    status: 503,
    title: "The console does as much as it may at a time",
    retry: "later",
    meaning: "So many event streams are open, or a check of this flow is running already.",
    remedy: "Wait until it has ended, or close pages that nobody looks at.",
  },
  CONSOLE_DECISION_CONFLICT: {
    status: 409,
    title: "The upload is not in a state in which this can be decided",
    retry: "never",
    meaning:
      "It is being tried, has been delivered or ended meanwhile, or may have reached the service already.",
    remedy: "Look at the upload again; where the service may have it, ask the service first.",
  },
  CONSOLE_ACTION_FAILED: {
    status: 500,
    title: "What was asked for could not be done",
    retry: "never",
    meaning: "The command behind the button could not run, or ended without a result.",
    remedy: "Run the command that the page shows in a terminal on the gate's machine: it says more.",
  },
} as const satisfies Record<string, ErrorCodeRow>;
