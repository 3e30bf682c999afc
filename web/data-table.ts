/**
 * A table with proper headers. On a narrow screen each row becomes a block whose cells carry their column's name; roles are written out, as browsers
 * forget them where the display changes.
 */
import { type Child, element } from "./element.ts";

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => Child;
  readonly isNumber?: boolean;
  /** What the column means, on hover and focus of its head. */
  readonly tip?: string;
  readonly class?: string;
}

export interface TableOptions<T> {
  /** Says what the table holds; heard, not seen: a heading stands above. */
  readonly caption: string;
  /** The first one heads its row. */
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly class?: string;
  readonly rowClass?: (row: T) => string;
  /** Where a click into a row leads. */
  readonly onOpen?: (row: T) => void;
}

export function dataTable<T>(options: TableOptions<T>): HTMLElement {
  const head = options.columns.map((column) =>
    element(
      "th",
      { scope: "col", role: "columnheader", class: cellClass(column) },
      column.tip === undefined
        ? column.head
        : element("span", { class: "explained", tabindex: 0, "data-tip": column.tip }, column.head),
    ),
  );
  return element(
    "table",
    { role: "table", class: options.class ?? "" },
    element("caption", { class: "unseen" }, options.caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, head)),
    element(
      "tbody",
      { role: "rowgroup" },
      options.rows.map((row) => makeRow(row, options)),
    ),
  );
}

function makeRow<T>(row: T, options: TableOptions<T>): HTMLElement {
  const cells = options.columns.map((column, index) =>
    element(
      index === 0 ? "th" : "td",
      {
        ...(index === 0 ? { scope: "row", role: "rowheader" } : { role: "cell" }),
        class: cellClass(column),
        "data-head": column.head,
      },
      column.cell(row),
    ),
  );
  const { onOpen } = options;
  const on =
    onOpen === undefined ? {} : { click: (event: Event) => openUnlessUsed(event, () => onOpen(row)) };
  const classes = [options.rowClass?.(row), onOpen === undefined ? "" : "opens"].join(" ").trim();
  return element("tr", { role: "row", class: classes, "data-key": options.keyOf(row), on }, cells);
}

const cellClass = <T>(column: Column<T>): string | null =>
  [column.isNumber === true ? "number" : "", column.class ?? ""].join(" ").trim() || null;

/** Not where something of its own was clicked, nor where text was selected. */
function openUnlessUsed(event: Event, open: () => void): void {
  if (event.target instanceof Element && event.target.closest("a, button, input, summary, time") !== null)
    return;
  if (String(getSelection()) !== "") return;
  open();
}
