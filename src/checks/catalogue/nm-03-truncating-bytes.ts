import type { Check } from "../check.ts";
import { strictly } from "../define-case.ts";
import { endsIn, hidesCharacters, isPath } from "../harms.ts";
import { hostileName } from "../name-case.ts";

const isActive = endsIn(".html", ".php", ".asp");

/** UPL-NM-03: a name that ends earlier for some readers. */
export const truncatingBytes: Check = {
  id: "UPL-NM-03",
  title: "A name is never cut at a NUL, a semicolon or a line break",
  why: "Who checks the end of the name and who stores it up to a NUL see two extensions.",
  standards: ["CWE-158", "WSTG-BUSL-09"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. The extension is that of the verified type, never what stands after the last dot.",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not. Take the extension from the verified type.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Take the extension from the verified type.",
    gate: "Nothing to write: names with NUL, line ends or `;` before the extension are refused.",
  },
  cases: [
    hostileName(
      "a NUL before the extension",
      (extension) => `a.html\0${extension}`,
      isActive,
      hidesCharacters,
    ),
    hostileName(
      "an encoded NUL before the extension",
      (extension) => `a.html%00${extension}`,
      endsIn(".html"),
    ),
    // Only servers that nobody runs any more read the name up to there.
    ...strictly([
      hostileName("a semicolon before the extension", (extension) => `a.asp;${extension}`, isActive),
    ]),
    hostileName(
      "an encoded line feed before the extension",
      (extension) => `a.php%0a${extension}`,
      endsIn(".php"),
    ),
    hostileName(
      "a line feed before the extension",
      (extension) => `a.php\n${extension}`,
      isActive,
      hidesCharacters,
    ),
    hostileName("a slash before the extension", (extension) => `a.php/${extension}`, isActive, isPath),
    hostileName("a colon before the extension", (extension) => `a.php:${extension}`, isActive),
  ],
};
