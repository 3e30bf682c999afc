/**
 * Whether what is on the page is from now: `live`, or since when it is not.
 */
import { announce } from "./announce.ts";
import { element, replaceChildren } from "./element.ts";
import type { LiveState } from "./live.ts";
import { sayClock } from "./say.ts";

const badge = element("p", { class: "live is-connecting" });
const banner = element("aside", { class: "lost", "aria-label": "Connection", hidden: true });
let wasLost = false;

export const liveBadge = (): HTMLElement => badge;

/** Above the page while the connection is lost. */
export const lostBanner = (): HTMLElement => banner;

export function showLiveState(state: LiveState): void {
  badge.className = `live is-${state.state}`;
  document.body.classList.toggle("is-lost", state.state === "lost");
  const isLost = state.state === "lost";
  banner.hidden = !isLost;
  if (state.state === "lost") {
    const since = sayClock(state.sinceMs, true);
    replaceChildren(badge, element("b", {}, "Not connected"), ` since ${since}`);
    replaceChildren(
      banner,
      `Not connected since ${since}. Everything below is from before. Trying again by itself.`,
    );
    if (!wasLost) announce("The connection to the gate is lost. The page shows what was known before.");
  } else {
    replaceChildren(badge, element("b", {}, state.state === "live" ? "Live" : "Connecting"));
    if (wasLost && state.state === "live") announce("Connected again.");
  }
  wasLost = isLost;
}
