/**
 * Says what changed to whoever hears the page: one polite region.
 */
import { element } from "./element.ts";

const region = element("div", { class: "unseen", role: "status", "aria-live": "polite" });

export const announcer = (): HTMLElement => region;

/** The same text twice is said twice. */
export function announce(text: string): void {
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}
