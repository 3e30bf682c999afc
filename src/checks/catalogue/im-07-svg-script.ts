import type { Check, CheckCase, ReceivedUpload, UploadContent } from "../check.ts";
import { keeps, neutralInside, SVG } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { drawing } from "../payloads/drawings.ts";

const ACTIVE = /svg|xml|html/i;
const CALL = "void 'flowcheck'";

/** Kept as bytes under a type that no browser opens, a drawing runs nothing; under its own type it does. */
function runs(mark: string) {
  const isKept = keeps("its script, under a type that browsers open", mark);
  return (received: ReceivedUpload, content: UploadContent): string | null => {
    const isActive = received.files.some(({ mediaType }) => mediaType === null || ACTIVE.test(mediaType));
    return isActive ? isKept(received, content) : null;
  };
}

/** A drawing that would run something; its twin is the same drawing without it. */
function scripted(name: string, mark: string, inside: string, attributes = ""): CheckCase {
  return neutralInside(name, SVG, {
    file: () => drawing(inside, attributes),
    twin: () => drawing(),
    harm: runs(mark),
  });
}

/** UPL-IM-07: drawings that are programs. */
export const svgScript: Check = {
  id: "UPL-IM-07",
  title: "A drawing (SVG) is stored without scripts, or refused",
  why: "An SVG is a page: opened from the site's own address, its script acts as the visitor.",
  standards: ["v5.0.0-1.3.4", "CWE-79", "CVE-2026-116802"],
  flags: ["s"],
  topic: "images",
  remedy: pythonRemedy(
    "Refuse SVG, or turn it into PNG in a process without network and memory to spare. Where it must stay SVG, keep a list of allowed elements and attributes (`defusedxml` and a walk over the tree), and still serve it as an attachment with `Content-Security-Policy: sandbox; default-src 'none'` and `nosniff`, from another host: CVE-2026-116802 is one of many ways around a cleaner alone.",
    "The gate cannot verify SVG: leave it out of `types: [...]`, and it is refused. Where `types: any` lets it through, have it fetched by a link of the gate, which serves it as an attachment in a sandbox.",
  ),
  cases: [
    scripted("a script element", "<script", `<script>${CALL}</script>`),
    scripted("a handler on the root", "onload", "", ` onload="${CALL}"`),
    scripted("a handler on an element", "onclick", `<rect onclick="${CALL}" width="8" height="8"/>`),
    scripted(
      "a page inside",
      "foreignObject",
      `<foreignObject width="8" height="8"><body xmlns="http://www.w3.org/1999/xhtml" onload="${CALL}"/></foreignObject>`,
    ),
    scripted(
      "a link that is a script",
      "javascript:",
      `<a xlink:href="javascript:${CALL}"><rect width="8" height="8"/></a>`,
    ),
    scripted(
      "an animation that makes a link a script",
      "javascript:",
      `<a><animate attributeName="href" values="javascript:${CALL}"/><rect width="8" height="8"/></a>`,
    ),
    scripted(
      "a script within an address",
      "data:image/svg",
      `<use xlink:href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' id='x'%3E%3Cscript%3E${CALL}%3C/script%3E%3C/svg%3E#x"/>`,
    ),
    scripted(
      "a script address with a line break in it",
      "java&#10;script",
      `<a xlink:href="java&#10;script:${CALL}"/>`,
    ),
    scripted(
      "a handler in a namespace of its own",
      ":script",
      `<x:script xmlns:x="http://www.w3.org/2000/svg">${CALL}</x:script>`,
    ),
  ],
};
