/**
 * What parts of the page tell the frame around them, as events of the window.
 */

/** What is shown has changed: read it anew. */
export const REFRESH = "sluicegate-refresh";
/** Somebody has signed in or out. */
export const SESSION_CHANGED = "sluicegate-session-changed";
