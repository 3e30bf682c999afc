import type { Check } from "../check.ts";
import { endsIn } from "../harms.ts";
import { hostileName } from "../name-case.ts";

const isActive = endsIn(
  ".html",
  ".htm",
  ".php",
  ".phtml",
  ".shtml",
  ".xht",
  ".xhtml",
  ".svg",
  ".svgz",
  ".asp",
  ".aspx",
  ".jsp",
  ".hta",
);

/** UPL-TY-04: extensions that a list forgets. */
export const extensionTricks: Check = {
  id: "UPL-TY-04",
  title: "The last extension counts, however it is written",
  why: "A server that serves by extension reads the name in its own way, and its way is not the filter's.",
  standards: ["CWE-434", "CWE-178"],
  flags: ["s"],
  cases: [
    hostileName("an active extension behind the allowed one", (extension) => `a${extension}.html`, isActive),
    hostileName("mixed capitals", () => "a.HtMl", isActive),
    hostileName("a dot at the end", () => "a.html.", isActive),
    hostileName("a space at the end", () => "a.php ", isActive),
    hostileName("a semicolon before the allowed one", (extension) => `a.asp;${extension}`, isActive),
    hostileName("a rare extension of pages", () => "a.xht", isActive),
    hostileName("a compressed drawing", () => "a.svgz", isActive),
    hostileName("server-side includes", () => "a.shtml", isActive),
    hostileName(
      "a number behind",
      () => "a.php7",
      (name) => (name.endsWith(".php7") ? "the dangerous extension kept" : null),
    ),
    hostileName("an active extension before the allowed one", (extension) => `a.html${extension}`, isActive),
  ],
};
