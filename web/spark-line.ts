/**
 * The small line of a flow's row: p95 over the last hour, its limit, and ticks where something was deployed.
 */
import type { FlowRow } from "../contract/console-api.ts";
import { axisTop, linePath, PLOT_HEIGHT, PLOT_WIDTH } from "./chart-scale.ts";
import { svg } from "./element.ts";
import { sayMany, sayMs } from "./say.ts";

export function sparkLine({ line, marks, p95 }: FlowRow): SVGSVGElement {
  const top = axisTop("ms", line, p95.limitMs);
  const limitY = p95.limitMs === null ? null : (1 - p95.limitMs / top) * PLOT_HEIGHT;
  return svg(
    "svg",
    {
      class: "spark",
      role: "img",
      "aria-label": sentence(line, marks.length),
      viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`,
      preserveAspectRatio: "none",
    },
    limitY === null ? null : svg("path", { class: "limit", d: `M0 ${limitY}H${PLOT_WIDTH}` }),
    marks.map(({ at }) =>
      svg("path", { class: "mark", d: `M${Math.max(0, Math.min(1, at)) * PLOT_WIDTH} 0V${PLOT_HEIGHT}` }),
    ),
    svg("path", { class: "line", d: linePath(line, top) }),
  );
}

function sentence(line: FlowRow["line"], marks: number): string {
  const values = line.filter((value) => value !== null);
  if (values.length === 0) return "p95 over the last hour: no traffic.";
  const range = `from ${sayMs(Math.min(...values))} to ${sayMs(Math.max(...values))}`;
  return `p95 over the last hour: ${range}, last ${sayMs(values.at(-1) ?? 0)}; ${sayMany(marks, "mark")}.`;
}
