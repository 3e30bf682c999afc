import { type LeadingFile, leadsNowhere } from "../callback-scenario.ts";
import type { Check, CheckCase } from "../check.ts";
import { fileOfType, onTopic, refusedInside, SVG } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { drawing, farType, fetchingType, LAUGH, laughingType, nestedUse } from "../payloads/drawings.ts";

const INCLUDE = 'xmlns:xi="http://www.w3.org/2001/XInclude"';

function leading(what: string, make: (url: string) => Uint8Array): LeadingFile {
  return { what, mediaType: SVG, fileAt: (url) => fileOfType(SVG, make(url)) };
}

function bomb(name: string, file: () => Uint8Array): CheckCase {
  return refusedInside(name, SVG, { file, twin: () => drawing(), refusal: { withinMs: 5000 } });
}

/** UPL-IM-08: drawings that fetch, and drawings without end. */
export const svgFetch: Check = {
  id: "UPL-IM-08",
  title: "No drawing makes the server fetch anything, or keeps it busy",
  why: "Whatever turns a drawing into pixels can be led to addresses that only the server reaches, or to draw for hours.",
  standards: ["v5.0.0-1.5.1", "v5.0.0-1.3.6", "CWE-611", "CWE-776", "CWE-918"],
  flags: ["s", "o"],
  remedy: pythonRemedy(
    "Parse with `defusedxml` (`forbid_dtd=True`) before anything draws it, refuse every `href` and `url(...)` that does not begin with `#`, and draw in a process without network that is killed after some seconds. CairoSVG and resvg fetch and open files by themselves.",
    "The gate cannot verify SVG: leave it out of `types: [...]`, and it is refused.",
  ),
  cases: onTopic("images", [
    bomb("entities that unfold to 8 MiB", () => drawing(`<text>${LAUGH}</text>`, "", laughingType("svg"))),
    bomb("squares that are used a million times", nestedUse),
    bomb("an entity that holds itself", () =>
      drawing("<text>&a;</text>", "", '<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'),
    ),
  ]),
  scenarios: leadsNowhere("an address in a drawing is asked for by nobody", [
    leading("an image", (url) => drawing(`<image xlink:href="${url}" width="8" height="8"/>`)),
    leading("a used part", (url) => drawing(`<use xlink:href="${url}#a"/>`)),
    leading("a style sheet", (url) => drawing("", "", `<?xml-stylesheet href="${url}"?>`)),
    leading("an import of a style", (url) => drawing(`<style>@import url("${url}");</style>`)),
    leading("a fill", (url) => drawing(`<rect width="8" height="8" style="fill: url(${url}#a)"/>`)),
    leading("a filter's image", (url) => drawing(`<filter id="f"><feImage xlink:href="${url}"/></filter>`)),
    leading("an entity", (url) => drawing("<text>&far;</text>", "", fetchingType("svg", url))),
    leading("a document type", (url) => drawing("", "", farType("svg", url))),
    leading("an inclusion", (url) => drawing(`<xi:include ${INCLUDE} href="${url}"/>`)),
  ]),
};
