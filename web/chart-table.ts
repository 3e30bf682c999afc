/**
 * The values of all charts as one table, made only when somebody opens it.
 */
import type { FlowPage } from "../contract/console-api.ts";
import { sayValue } from "./chart-scale.ts";
import { type Column, dataTable } from "./data-table.ts";
import { element, replaceChildren } from "./element.ts";
import { NOTHING, sayClock, sayDay } from "./say.ts";

type Charts = Pick<FlowPage, "charts" | "range">;

/** It stays open while the page is brought up to date. */
let isOpen = false;

export function chartTable(page: Charts): HTMLElement {
  const body = element("div", {
    class: "scrolls",
    tabindex: 0,
    role: "region",
    "aria-label": "Values of the charts",
  });
  if (isOpen) replaceChildren(body, table(page));
  return element(
    "details",
    {
      class: "values",
      open: isOpen,
      on: {
        toggle: (event) => {
          const details = event.target as HTMLDetailsElement;
          isOpen = details.open;
          const place = details.querySelector(".scrolls");
          if (place !== null) replaceChildren(place, isOpen ? table(page) : null);
        },
      },
    },
    element("summary", {}, "The values as a table"),
    body,
  );
}

function table({ charts, range }: Charts): HTMLElement {
  const count = Math.max(0, ...charts.flatMap(({ lines }) => lines.map(({ values }) => values.length)));
  const isLong = range.toMs - range.fromMs > 86_400_000;
  const columns: Column<number>[] = charts.flatMap((chart) =>
    chart.lines.map(({ label, values }) => ({
      head: `${chart.title}: ${label}`,
      isNumber: true,
      cell: (step: number) => {
        const value = values[step] ?? null;
        return value === null ? NOTHING : sayValue(chart.unit, value);
      },
    })),
  );
  const atMs = (step: number): number => range.fromMs + step * range.stepMs;
  return dataTable({
    caption: "Values of the charts, oldest first",
    class: "wide",
    columns: [
      { head: "From", cell: (step) => `${isLong ? `${sayDay(atMs(step))} ` : ""}${sayClock(atMs(step))}` },
      ...columns,
    ],
    rows: Array.from({ length: count }, (_, step) => step),
    keyOf: (step) => String(atMs(step)),
  });
}
