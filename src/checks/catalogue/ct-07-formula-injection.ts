import type { Check, CheckCase, ReceivedUpload, UploadContent } from "../check.ts";
import { badInside, fileOfType, readsText } from "../content-case.ts";
import { neutralises, whereAll } from "../define-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { utf8 } from "../payloads/bytes.ts";
import { controlProbe } from "../payloads/upload.ts";

const CSV = "text/csv";

/** Nothing: other bytes than were sent are found before this is asked. */
const unaltered = (_received: ReceivedUpload, _content: UploadContent): null => null;

/** One cell that a spreadsheet would calculate; the twin's is an ordinary one. */
function formula(name: string, cell: string): CheckCase {
  const table = (value: string) => fileOfType(CSV, utf8(`item,price\r\n${value},2\r\n`));
  return neutralises(name, (target) => controlProbe(target, table(cell)), badInside, unaltered, {
    appliesTo: whereAll(readsText(CSV)),
    twin: (target) => controlProbe(target, table("pen")),
  });
}

/** UPL-CT-07: cells that are formulas. What a service does with them when it exports tables cannot be seen from the upload. */
export const formulaInjection: Check = {
  id: "UPL-CT-07",
  title: "A table with formulas in it is refused, or stored byte for byte",
  why: "A table that is altered without a word is another table; one that is handed on as a spreadsheet calculates what its sender wrote.",
  standards: ["v5.0.0-1.2.10", "CWE-1236"],
  flags: ["s"],
  topic: "documents",
  remedy: pythonRemedy(
    "Store what came, and escape where tables are written for people: put an apostrophe in front of each cell that begins with `=`, `+`, `-`, `@`, tab or carriage return, and quote every cell (`csv.writer(..., quoting=csv.QUOTE_ALL)`). Serve the stored file as an attachment with `text/csv` and `nosniff`.",
    "The gate passes a table on byte for byte; escaping belongs to where the service exports.",
    {
      fastapi: "In FastAPI that is the route that answers the export, not the one that takes the upload.",
      django:
        "In Django that is the view or admin action that writes the export (django-import-export: `IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True`).",
      flask: "In Flask that is the view that answers the export, not the one that takes the upload.",
    },
  ),
  cases: [
    formula("an equals sign", "=1+1"),
    formula("a plus", "+1+1"),
    formula("a minus", "-1+1"),
    formula("an at sign", "@SUM(1;1)"),
    formula("a tab in front", '"\t=1+1"'),
    formula("a carriage return in front", '"\r=1+1"'),
    formula("a quoted formula", '"=1+1"'),
    formula("a formula behind a separator in quotes", '"pen"",=1+1"'),
    formula("a request to another program", "=flowcheck|' '!A0"),
  ],
};
