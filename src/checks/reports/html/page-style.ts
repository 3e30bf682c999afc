/**
 * How the report page looks: light and dark, on paper, on a phone. Constant, as its hash stands in the page's policy.
 */

/** The text of the one `<style>` element. Contrast of text is at least 4.5:1 in both schemes (a test measures it). */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1c1f23; --soft: #545b64; --line: #d5d9de; --panel: #f5f6f8;
  --link: #0b57a4; --fail: #b3261e; --unclear: #5c5f66; --warn: #7a4f00; --waived: #6b3fa0; --pass: #1b6e3c;
  --added: #e3f4e8; --removed: #fbe7e5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --text: #e7e9ec; --soft: #a9b1bb; --line: #3a4048; --panel: #1f242a;
    --link: #8ab8ff; --fail: #ff8a80; --unclear: #b4bac3; --warn: #f2c063; --waived: #c9a8ff; --pass: #7fd6a0;
    --added: #17352a; --removed: #42211f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 62rem; padding: 1.25rem 1rem 3rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; line-height: 1.35; margin: 0; font-weight: 600; }
h4 { font-size: .9rem; margin: 1.25rem 0 .35rem; }
p, ul, dl, table, pre { margin: .5rem 0; }
h1, h2, h3, p, li, dd, td, code, pre { unicode-bidi: isolate; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code, pre { font: .85rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { background: var(--panel); padding: .05em .25em; border-radius: 3px; }
pre {
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .75rem;
  white-space: pre-wrap; max-height: 22rem; overflow: auto;
}
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
.soft { color: var(--soft); }
.target { font-size: 1.05rem; }
.notice { border-left: 4px solid var(--warn); padding: .5rem .75rem; background: var(--panel); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .75rem 0; font-size: .925rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; min-width: 0; }
.tiles { list-style: none; padding: 0; display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(7.4rem, 1fr)); }
.tiles a, .tiles span.tile {
  display: block; height: 100%; padding: .55rem .7rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--panel); color: var(--text); text-decoration: none;
}
.tiles a:hover { border-color: var(--text); }
.tiles .count { display: block; font-size: 1.5rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles .word { font-size: .9rem; }
.shape { display: inline-block; min-width: 1.2em; text-align: center; font-weight: 700; }
.fail .shape { color: var(--fail); } .unclear .shape { color: var(--unclear); } .warn .shape { color: var(--warn); }
.waived .shape { color: var(--waived); } .pass .shape { color: var(--pass); } .manual .shape, .not-applicable .shape { color: var(--soft); }
article { border: 1px solid var(--line); border-radius: 8px; padding: .8rem .9rem; margin: .75rem 0; }
article.fail { border-left: 5px solid var(--fail); } article.warn { border-left: 5px solid var(--warn); }
article.waived { border-left: 5px solid var(--waived); } article.unclear { border-left: 5px solid var(--unclear); }
.id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .9em; white-space: nowrap; }
.age { border: 1px solid currentColor; border-radius: 4px; padding: 0 .35em; font-size: .8rem; font-weight: 400; white-space: nowrap; }
.lead { font-size: 1.1rem; margin: .35rem 0 .5rem; }
summary { cursor: pointer; padding: .25rem 0; color: var(--link); }
section > details > summary { font-size: 1.05rem; color: var(--text); }
details details { margin: .5rem 0; padding-left: .75rem; border-left: 2px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th[scope=row] { width: 1%; white-space: nowrap; color: var(--soft); font-weight: 500; }
.diff span { display: block; }
.diff .added { background: var(--added); } .diff .removed { background: var(--removed); }
.plain { list-style: none; padding: 0; } .plain li { padding: .35rem 0; border-bottom: 1px solid var(--line); }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1rem 0 0; }
.bar label { font-size: .925rem; }
.bar input { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--soft); border-radius: 6px; padding: .3rem .5rem; min-width: 0; width: 14rem; max-width: 100%; }
button { font: inherit; font-size: .875rem; color: var(--text); background: var(--panel); border: 1px solid var(--soft); border-radius: 6px; padding: .3rem .6rem; cursor: pointer; }
.copied { position: relative; } .copied > button { position: absolute; top: .35rem; right: .35rem; } .copied > pre { padding-right: 4.6rem; }
[hidden] { display: none !important; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .9rem; color: var(--soft); }
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 2rem; }
  h1 { font-size: 1.35rem; }
  .facts { gap: .15rem .6rem; font-size: .875rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .copied { display: flex; flex-direction: column; align-items: flex-end; } .copied > pre { width: 100%; padding-right: .75rem; }
  .copied > button { position: static; margin-top: -.2rem; }
  article { padding: .7rem .7rem; }
  table.compare th, table.compare td { display: block; width: auto; border-bottom: 0; padding: 0; }
  table.compare td { padding-bottom: .5rem; }
}
@media print {
  :root {
    --page: #ffffff; --text: #000000; --soft: #333333; --line: #999999; --panel: #ffffff; --link: #000000; --fail: #000000;
    --unclear: #000000; --warn: #000000; --waived: #000000; --pass: #000000; --added: #ffffff; --removed: #ffffff;
  }
  body { max-width: none; font-size: 10pt; } pre { max-height: none; }
  .bar, .skip, .copied > button { display: none; }
  article, .tiles li { break-inside: avoid-page; }
  details::details-content { content-visibility: visible; display: block; }
}
`;
