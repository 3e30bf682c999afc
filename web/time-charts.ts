/**
 * A flow's charts on one time axis: drawn lines, their limit, marks of what was changed, and a cursor that reads all of them at one time.
 *
 * Each chart says itself in a sentence; all values stand in one table on demand. The cursor follows the mouse, and the arrow keys.
 */
import type { Chart, ChartMark, FlowPage } from "../contract/console-api.ts";
import { announce } from "./announce.ts";
import {
  axisTop,
  linePath,
  PLOT_HEIGHT,
  PLOT_WIDTH,
  sayValue,
  stepAt,
  stepMiddle,
  type TimeSpan,
  timePosition,
  timeTicks,
} from "./chart-scale.ts";
import { chartTable } from "./chart-table.ts";
import { element, svg } from "./element.ts";
import { markNumbers } from "./mark-list.ts";
import { NOTHING, sayClock, sayDay } from "./say.ts";

/** Of the axis. */
const EDGE = 0.08;

type Charts = Pick<FlowPage, "charts" | "marks" | "range">;

/** Everything together. */
export function timeCharts(page: Charts): HTMLElement {
  const count = Math.max(0, ...page.charts.flatMap(({ lines }) => lines.map(({ values }) => values.length)));
  const cursor = new ChartCursor(page, count);
  const root = element(
    "div",
    {
      class: "charts",
      role: "group",
      tabindex: 0,
      "aria-label": "Charts on one time axis. The left and right arrow keys read the values at one time.",
      on: {
        pointermove: (event) => cursor.follow(event as PointerEvent),
        pointerleave: () => cursor.leave(),
        keydown: (event) => cursor.press(event as KeyboardEvent),
        blur: () => cursor.leave(),
      },
    },
    markNumbers(page.marks, page.range),
    page.charts.map((chart) => oneChart(chart, page.marks, page.range)),
    timeAxis(page.range),
  );
  cursor.root = root;
  return element("div", {}, root, chartTable(page));
}

function oneChart(chart: Chart, marks: readonly ChartMark[], span: TimeSpan): HTMLElement {
  const values = chart.lines.flatMap((line) => line.values);
  const top = axisTop(chart.unit, values, chart.limit);
  return element(
    "figure",
    { class: "chart", "data-key": chart.name },
    element(
      "figcaption",
      {},
      element("h3", {}, chart.title),
      legend(chart),
      element("p", {}, chart.sentence),
    ),
    element(
      "div",
      { class: "plot" },
      element("span", { class: "top", "aria-hidden": "true" }, sayValue(chart.unit, top)),
      element("span", { class: "zero", "aria-hidden": "true" }, "0"),
      drawing(chart, marks, span, top),
      element("span", { class: "cursor", hidden: true }),
      values.every((value) => value === null)
        ? element("p", { class: "no-traffic" }, "Nothing is known for this time")
        : null,
    ),
  );
}

function legend(chart: Chart): HTMLElement {
  const lines = chart.lines.map((line, index) =>
    element(
      "li",
      {},
      svg(
        "svg",
        { class: "key", viewBox: "0 0 24 8", "aria-hidden": "true" },
        svg("path", { class: `line line-${index}`, d: "M1 4H23" }),
      ),
      `${line.label} `,
      element("b", { class: "reading" }, readingOf(chart, line.values, lastKnown(line.values))),
    ),
  );
  const limit =
    chart.limit === null
      ? null
      : element(
          "li",
          {},
          svg(
            "svg",
            { class: "key", viewBox: "0 0 24 8", "aria-hidden": "true" },
            svg("path", { class: "limit", d: "M1 4H23" }),
          ),
          `limit ${sayValue(chart.unit, chart.limit)}`,
        );
  return element("ul", { class: "legend" }, lines, limit);
}

function readingOf(chart: Chart, values: readonly (number | null)[], index: number): string {
  const value = values[index] ?? null;
  return value === null ? NOTHING : sayValue(chart.unit, value);
}

const lastKnown = (values: readonly (number | null)[]): number =>
  values.findLastIndex((value) => value !== null);

function drawing(chart: Chart, marks: readonly ChartMark[], span: TimeSpan, top: number): SVGSVGElement {
  const limitY = chart.limit === null ? null : (1 - chart.limit / top) * PLOT_HEIGHT;
  const box = { viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`, preserveAspectRatio: "none" };
  return svg(
    "svg",
    { ...box, role: "img", "aria-label": `${chart.title}. ${chart.sentence}` },
    svg("path", {
      class: "grid",
      d: `M0 0H${PLOT_WIDTH}M0 ${PLOT_HEIGHT / 2}H${PLOT_WIDTH}M0 ${PLOT_HEIGHT}H${PLOT_WIDTH}`,
    }),
    marks
      .map(({ atMs }) => timePosition(atMs, span))
      .filter((at) => at >= 0 && at <= 1)
      .map((at) => svg("path", { class: "mark", d: `M${at * PLOT_WIDTH} 0V${PLOT_HEIGHT}` })),
    limitY === null ? null : svg("path", { class: "limit", d: `M0 ${limitY}H${PLOT_WIDTH}` }),
    chart.lines
      .map((line, index) => svg("path", { class: `line line-${index}`, d: linePath(line.values, top) }))
      .reverse(),
  );
}

/** Near the ends a label lies on the inner side of its time: half of it would be outside, and the page would scroll sideways. */
function tickShift(at: number): string {
  if (at > 1 - EDGE) return "translateX(-100%)";
  return at < EDGE ? "translateX(0)" : "translateX(-50%)";
}

function timeAxis(span: TimeSpan): HTMLElement {
  return element(
    "div",
    { class: "time-axis", "aria-hidden": "true" },
    timeTicks(span).map(({ at, label }) =>
      element("span", { style: { left: `${at * 100}%`, transform: tickShift(at) } }, label),
    ),
    element("b", { class: "cursor-time", hidden: true }),
  );
}

/** Reads all charts at one step. */
class ChartCursor {
  root: HTMLElement | null = null;
  readonly #page: Charts;
  readonly #count: number;
  #step: number | null = null;

  constructor(page: Charts, count: number) {
    this.#page = page;
    this.#count = count;
  }

  follow(event: PointerEvent): void {
    const plot = this.#here()?.querySelector(".plot svg")?.getBoundingClientRect();
    if (plot === undefined || this.#count === 0) return;
    const at = (event.clientX - plot.left) / plot.width;
    if (at < 0 || at > 1) this.leave();
    else this.#show(stepAt(at, this.#count));
  }

  press(event: KeyboardEvent): void {
    const last = this.#count - 1;
    const now = this.#step ?? last + 1;
    const next: Readonly<Record<string, number>> = {
      ArrowLeft: now - 1,
      ArrowRight: now + 1,
      Home: 0,
      End: last,
    };
    const step = next[event.key];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    this.#show(Math.max(0, Math.min(last, step)));
    announce(this.#sentence());
  }

  leave(): void {
    this.#step = null;
    this.#draw();
  }

  /** A page that was made anew hands its handlers to the elements that stayed. */
  #here(): HTMLElement | null {
    return this.root?.isConnected === true ? this.root : document.querySelector<HTMLElement>(".charts");
  }

  #show(step: number): void {
    if (step === this.#step) return;
    this.#step = step;
    this.#draw();
  }

  #draw(): void {
    const root = this.#here();
    if (root === null) return;
    const left = `${stepMiddle(this.#step ?? 0, this.#count) * 100}%`;
    for (const line of root.querySelectorAll<HTMLElement>(".cursor, .cursor-time")) {
      line.hidden = this.#step === null;
      line.style.left = left;
    }
    const time = root.querySelector(".cursor-time");
    if (time !== null) time.textContent = this.#time();
    const readings = this.#page.charts.flatMap((chart) =>
      chart.lines.map(({ values }) => readingOf(chart, values, this.#step ?? lastKnown(values))),
    );
    for (const [index, place] of [...root.querySelectorAll(".reading")].entries())
      place.textContent = readings[index] ?? NOTHING;
  }

  #time(): string {
    const atMs = this.#page.range.fromMs + (this.#step ?? 0) * this.#page.range.stepMs;
    return `${this.#page.range.toMs - this.#page.range.fromMs > 86_400_000 ? `${sayDay(atMs)} ` : ""}${sayClock(atMs)}`;
  }

  #sentence(): string {
    const charts = this.#page.charts.map((chart) => {
      const lines = chart.lines.map(
        ({ label, values }) => `${label} ${readingOf(chart, values, this.#step ?? 0)}`,
      );
      return `${chart.title}: ${lines.join(", ")}`;
    });
    return `${this.#time()}. ${charts.join(". ")}`;
  }
}
