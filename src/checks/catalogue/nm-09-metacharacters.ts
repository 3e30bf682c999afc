import type { Check } from "../check.ts";
import { isPath } from "../harms.ts";
import { hostileName } from "../name-case.ts";

const isEvaluated = (name: string) => (name.includes("49") ? "a name that was evaluated" : null);

/** UPL-NM-09: a name that is a command to some interpreter. */
export const metacharacters: Check = {
  id: "UPL-NM-09",
  title: "A name is inert text to everything behind the route",
  why: "A name that is put into a command line, a template or a tool's own syntax runs there.",
  standards: ["v5.0.0-1.2.5", "CWE-78", "CWE-88", "CVE-2026-55798"],
  flags: ["s"],
  cases: [
    hostileName(
      "an option",
      (extension) => `-rf${extension}`,
      (name) => (name.startsWith("-") ? "an option, not a name" : null),
    ),
    hostileName("a pipe", (extension) => `|echo canary${extension}`, isPath),
    hostileName("a command substitution", (extension) => `$(echo canary)${extension}`, isPath),
    hostileName("backticks", (extension) => `\`echo canary\`${extension}`, isPath),
    hostileName("a template expression", (extension) => `{{7*7}}${extension}`, isEvaluated),
    hostileName("another template expression", (extension) => `\${7*7}${extension}`, isEvaluated),
    hostileName("an image tool's prefix", (extension) => `msl:a${extension}`),
    hostileName("a list file's prefix", (extension) => `@a${extension}`),
    hostileName("an SQL quote", (extension) => `a' OR '1'='1${extension}`),
  ],
};
