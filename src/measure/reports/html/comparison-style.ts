/**
 * What the page of a comparison adds to the style of reports. Constant, as its hash stands in the page's policy.
 */
import { PAGE_STYLE } from "../../../checks/reports/html/page-style.ts";

/** The text of the one `<style>` element. */
export const COMPARISON_STYLE = `${PAGE_STYLE}
.verdict { border-left: 8px solid var(--line); padding: .2rem 0 .2rem 1rem; }
.verdict .word { display: block; font-size: 1rem; font-weight: 700; letter-spacing: .04em; margin-bottom: .25rem; }
.verdict h1 { font-size: 1.35rem; margin: 0 0 .4rem; }
.verdict p { margin: .25rem 0 0; }
.good { border-color: var(--pass); } .good .word { color: var(--pass); }
.bad { border-color: var(--fail); } .bad .word { color: var(--fail); }
.even { border-color: var(--soft); } .unclear { border-color: var(--unclear); }
.stopped { border-color: var(--warn); } .stopped .word { color: var(--warn); }
table.rows td, table.rows th { padding: .5rem .75rem .5rem 0; }
table.rows th[scope=row] { color: var(--text); font-weight: 600; width: 36%; }
table.rows td { font-variant-numeric: tabular-nums; }
table.rows .say { display: block; font-weight: 400; font-size: .85rem; color: var(--soft); white-space: normal; max-width: 24rem; }
table.rows thead th { color: var(--soft); font-weight: 500; font-size: .875rem; }
.judged { white-space: nowrap; font-weight: 600; }
.judged.better { color: var(--pass); } .judged.worse { color: var(--fail); } .judged.unclear, .judged.unseen { color: var(--unclear); }
.strip { display: block; overflow: visible; font-size: .8rem; }
.strip .band { fill: var(--line); opacity: .55; }
.strip .zero { stroke: var(--text); stroke-width: 1.5; } .strip .tick { stroke: var(--line); }
.strip .axis { fill: var(--soft); }
.strip .dot { fill: var(--link); stroke: var(--link); stroke-width: 1.5; } .strip .hollow { fill: var(--page); }
.strip .effect line { stroke: var(--text); stroke-width: 3; } .strip .effect circle { fill: var(--text); }
.strip .grey line { stroke: var(--soft); stroke-width: 2; } .strip .grey circle { fill: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .85rem; color: var(--soft); padding: 0; list-style: none; }
.scroll { overflow-x: auto; } details .scroll table { min-width: 26rem; overflow-wrap: normal; }
details.more { border-top: 1px solid var(--line); padding: .35rem 0; }
@media (max-width: 40rem) {
  .verdict h1 { font-size: 1.15rem; }
  table.rows, table.rows tbody, table.rows tr, table.rows th[scope=row], table.rows td { display: block; width: auto; border-bottom: 0; padding: 0; white-space: normal; }
  table.rows thead { display: none; }
  table.rows tr { border-bottom: 1px solid var(--line); padding: .6rem 0; }
  table.rows td { display: flex; gap: .5rem; } table.rows td:empty { display: none; }
  table.rows td::before { content: attr(data-label); color: var(--soft); min-width: 5.5rem; flex: none; }
}
`;
