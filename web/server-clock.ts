/**
 * The gate's clock, as ages are counted by it and not by the clock of whoever reads; and the ages on the page, which count up every second.
 */
import { element } from "./element.ts";
import { sayAge, sayExactTime } from "./say.ts";

let aheadMs = 0;

/** Takes the time that an answer told. */
export function setServerTime(nowMs: number): void {
  aheadMs = nowMs - Date.now();
}

/** Unix milliseconds by the gate's clock. */
export function serverNow(): number {
  return Date.now() + aheadMs;
}

/** `14 s ago`, counting; the exact time on hover and focus. `isStill` for places that are links already. */
export function age(atMs: number, isStill = false): HTMLElement {
  return element(
    "time",
    {
      datetime: new Date(atMs).toISOString(),
      "data-at": atMs,
      "data-tip": sayExactTime(atMs),
      tabindex: isStill ? null : 0,
    },
    sayAge(atMs, serverNow()),
  );
}

/** Starts counting. */
export function startAges(): void {
  setInterval(() => {
    for (const time of document.querySelectorAll<HTMLElement>("time[data-at]")) {
      const text = sayAge(Number(time.dataset.at), serverNow());
      if (time.textContent !== text) time.textContent = text;
    }
  }, 1000);
}
