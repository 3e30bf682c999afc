import type { Check } from "../check.ts";
import { strictly } from "../define-case.ts";
import { isPath, isWindowsSpecial } from "../harms.ts";
import { honestName, hostileName } from "../name-case.ts";

/** UPL-NM-05: names that are devices or streams elsewhere. */
export const windowsNames: Check = {
  id: "UPL-NM-05",
  title: "Names that Windows reads as devices, streams or other names do not get through",
  why: "Opening NUL.txt on Windows opens the device, whatever folder it is in, and a read of it may never end.",
  standards: ["CWE-67", "CWE-66", "CVE-2025-66221", "CVE-2026-21860", "CVE-2026-27199"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show.",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Werkzeug ≥ 3.1.6 for `safe_join` on Windows (CVE-2025-66221, CVE-2026-21860, CVE-2026-27199).",
    gate: "Nothing to write: refused.",
  },
  cases: strictly([
    hostileName("a device", () => "CON", isWindowsSpecial),
    hostileName("a device with an extension", (extension) => `NUL${extension}`, isWindowsSpecial),
    hostileName("a device in small letters", (extension) => `com1${extension}`, isWindowsSpecial),
    hostileName("a device with a superscript digit", (extension) => `LPT¹${extension}`, isWindowsSpecial),
    hostileName("a device with a space", (extension) => `COM1 ${extension}`, isWindowsSpecial),
    hostileName("a device in a folder", (extension) => `sub/NUL${extension}`, isWindowsSpecial, isPath),
    hostileName("a stream", (extension) => `a${extension}::$DATA`, isWindowsSpecial),
    hostileName("a named stream", (extension) => `a.html:b${extension}`, isWindowsSpecial),
    hostileName("a dot at the end", (extension) => `a${extension}.`, isWindowsSpecial),
    hostileName("a space at the end", (extension) => `a${extension} `, isWindowsSpecial),
    hostileName("a short name", (extension) => `PROGRA~1${extension}`),
    honestName("a name that begins like a device", (extension) => `console${extension}`),
    honestName("a name that contains a device", (extension) => `my nul${extension}`),
  ]),
};
