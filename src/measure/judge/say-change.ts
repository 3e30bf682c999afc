/**
 * Changes, shares and times as a sentence writes them.
 */
import type { Effect } from "../comparison.ts";

/** `−18 %`, `+0.4 %`, `0 %`. */
export function sayPercent(share: number): string {
  const percent = share * 100;
  const text = Math.abs(percent) < 9.95 ? percent.toFixed(1) : percent.toFixed(0);
  const number = text.replace(/\.0$/, "").replace("-", "−");
  if (Number(text) === 0) return "0 %";
  return percent > 0 ? `+${number} %` : `${number} %`;
}

/** `−23 … −12 %` */
export function sayInterval({ low, high }: Pick<Effect, "low" | "high">): string {
  return `${sayPercent(low).replace(" %", "")} … ${sayPercent(high)}`;
}

/** `97 %` of 0.975. */
export function sayConfidence(confidence: number): string {
  return `${Math.round(confidence * 100)} %`;
}

/** `−18 % (97 % sure of −23 … −12 %)` */
export function sayEffect(effect: Effect): string {
  return `${sayPercent(effect.estimate)} (${sayConfidence(effect.confidence)} interval ${sayInterval(effect)})`;
}

/** `0.84 ms`, `12.3 ms`, `412 ms`, `1.24 s`. */
export function sayMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}

/** A share without sign: `45 %`, `2.5 %`, `100 %`. */
export function sayShare(share: number): string {
  return sayPercent(Math.abs(share)).replace("+", "");
}

/** `1 pair`, `1,204 requests`. */
export function sayNumber(count: number, one: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : `${one}s`}`;
}
