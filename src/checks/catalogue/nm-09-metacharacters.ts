import type { Check } from "../check.ts";
import { strictly } from "../define-case.ts";
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
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. Give names to no shell and no template: `subprocess.run([...])` with `--` before a file.",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not. Give names to no shell and no template.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Never `render_template_string` with a name in it.",
    gate: "Nothing to write: the name stays text; the service must keep it so.",
  },
  cases: strictly([
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
  ]),
};
