/**
 * The strip of pairs as a picture: a dot a pair, the first on top, on an axis of change; behind them what the host differs by itself, below them the effects.
 *
 * Always holds: places are shares of the width, so that text keeps its size on a phone; everything that is drawn is told in words or in a table, too.
 */
import { constant, html, joined, type Markup } from "../../../checks/reports/html/markup.ts";
import type { Comparison, Effect, PairPoint } from "../../comparison.ts";
import { sayInterval, sayMs, sayPercent } from "../../judge/say-change.ts";

const TOP = 22;
const DOTS_HEIGHT_MAX = 260;
const DOT_STEP_MAX = 13;
const EFFECT_STEP = 34;
const BOTTOM = 8;
const TICKS = [-0.95, -0.9, -0.8, -0.65, -0.5, -0.35, -0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 9];
const TICKS_MAX = 7;
/** So many standard deviations of the host's own noise are grey. */
const NOISE_WIDTH = 2;

interface Axis {
  /** A relative change to a place from 0 to 100. */
  readonly place: (change: number) => number;
  readonly ticks: readonly number[];
}

/** The grey band: what says nothing of the change. Shares. */
export interface Band {
  readonly low: number;
  readonly high: number;
  readonly meaning: string;
}

/** What pairs of the same arm do, where somebody looked; else what is too small to matter. */
export function bandOf({ noise, smallestEffect }: Comparison): Band {
  if (noise === null)
    return {
      low: -smallestEffect.share,
      high: smallestEffect.share,
      meaning: "changes that are too small to matter",
    };
  return {
    low: Math.expm1(-NOISE_WIDTH * noise.sd),
    high: Math.expm1(NOISE_WIDTH * noise.sd),
    meaning: "what a pair of the same arm differs by on this host (19 of 20)",
  };
}

/** `null` where no pair gave a change. */
export function pairStrip(comparison: Comparison): Markup | null {
  const dots = comparison.pairs.filter(({ change }) => change !== null);
  if (dots.length === 0) return null;
  const band = bandOf(comparison);
  const effects = effectsOf(comparison);
  const axis = axisOf(dots, band, effects);
  const step = Math.max(3, Math.min(DOT_STEP_MAX, DOTS_HEIGHT_MAX / dots.length));
  const dotsEnd = TOP + step * dots.length + 14;
  const height = dotsEnd + EFFECT_STEP * effects.length + BOTTOM;
  return html`<svg class="strip" width="100%" height="${Math.round(height)}" role="img" aria-labelledby="strip-title">
<title id="strip-title">${stripTitle(comparison, dots)}</title>
${rect("band", axis.place(band.low), axis.place(band.high), TOP, height - BOTTOM - TOP)}
${axis.ticks.map((tick) => tickMark(tick, axis.place(tick), height))}
${dots.map((dot, index) => dotMark(dot, axis, TOP + 4 + step * (index + 0.5)))}
${effects.map((effect, index) => effectMark(effect, axis, dotsEnd + EFFECT_STEP * index))}
</svg>`;
}

interface NamedEffect {
  readonly name: string;
  readonly effect: Effect;
}

/** Cold and warm below each other, on the same axis. */
function effectsOf({ likeForLike, raw, warm }: Comparison): readonly NamedEffect[] {
  const rows = [
    { name: "cold, like for like", effect: likeForLike },
    { name: "cold, as it was", effect: raw },
    { name: "warm", effect: warm },
  ];
  return rows.flatMap(({ name, effect }) => (effect === null ? [] : [{ name, effect }]));
}

function stripTitle({ arms }: Comparison, dots: readonly PairPoint[]): string {
  const faster = dots.filter(({ change }) => (change ?? 0) < 0).length;
  return `${faster} of ${dots.length} pairs were faster with ${arms.b.label} than with ${arms.a.label}.`;
}

function axisOf(dots: readonly PairPoint[], band: Band, effects: readonly NamedEffect[]): Axis {
  const logs = [
    0,
    Math.log1p(band.low),
    Math.log1p(band.high),
    ...dots.map(({ change }) => change ?? 0),
    ...effects.flatMap(({ effect }) => [Math.log1p(effect.low), Math.log1p(effect.high)]),
  ].filter(Number.isFinite);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const room = Math.max(0.02, (high - low) * 0.06);
  const place = (change: number): number =>
    (100 * (Math.log1p(change) - low + room)) / (high - low + 2 * room);
  const inside = TICKS.filter((tick) => place(tick) >= 4 && place(tick) <= 96);
  return { place, ticks: spaced(inside, place) };
}

/** Zero first, then those that leave room for their words. */
function spaced(ticks: readonly number[], place: (change: number) => number): readonly number[] {
  const kept: number[] = [];
  const byInterest = [...ticks].sort((one, other) => Number(other === 0) - Number(one === 0));
  for (const tick of byInterest) {
    const isFree = kept.every((other) => Math.abs(place(other) - place(tick)) >= 100 / (TICKS_MAX + 1));
    if (isFree) kept.push(tick);
  }
  return kept;
}

function share(place: number): string {
  return `${Math.min(100, Math.max(0, place)).toFixed(2)}%`;
}

function rect(name: string, from: number, to: number, y: number, height: number): Markup {
  return html`<rect class="${name}" x="${share(from)}" y="${y}" width="${share(to - from)}" height="${Math.round(height)}"/>`;
}

function tickMark(tick: number, place: number, height: number): Markup {
  const name = tick === 0 ? "zero" : "tick";
  return html`<line class="${name}" x1="${share(place)}" x2="${share(place)}" y1="${TOP}" y2="${Math.round(height - BOTTOM)}"/><text class="axis" x="${share(place)}" y="14" text-anchor="middle">${sayPercent(tick)}</text>`;
}

function dotMark({ pair, order, a, b, change }: PairPoint, { place }: Axis, y: number): Markup {
  const moved = Math.expm1(change ?? 0);
  const times = a === null || b === null ? "" : `: ${sayMs(a)} → ${sayMs(b)}`;
  const first = order === "ab" ? "before went first" : "after went first";
  return html`<circle class="${order === "ab" ? "dot" : "dot hollow"}" cx="${share(place(moved))}" cy="${y.toFixed(1)}" r="4"><title>Pair ${pair + 1} (${first})${times}, like for like ${sayPercent(moved)}</title></circle>`;
}

function effectMark({ name, effect }: NamedEffect, { place }: Axis, y: number): Markup {
  const [low, high, middle] = [place(effect.low), place(effect.high), place(effect.estimate)];
  const isLeft = (low + high) / 2 > 50;
  const kind = name === "cold, as it was" ? " grey" : "";
  const text = `${name} ${sayPercent(effect.estimate)}`;
  return joined([
    html`<g class="effect${kind}"><title>${text} (${sayInterval(effect)})</title>`,
    html`<line x1="${share(low)}" x2="${share(high)}" y1="${y + 22}" y2="${y + 22}"/><circle cx="${share(middle)}" cy="${y + 22}" r="5"/>`,
    html`<text class="axis" x="${share(isLeft ? high : low)}" y="${y + 12}" text-anchor="${isLeft ? "end" : "start"}">${text}</text>`,
    constant("</g>"),
  ]);
}
