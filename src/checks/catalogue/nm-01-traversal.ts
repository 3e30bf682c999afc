import type { Check } from "../check.ts";
import { isPath } from "../harms.ts";
import { honestName, hostileName } from "../name-case.ts";

/** UPL-NM-01: a file name that is a way to somewhere else. */
export const traversal: Check = {
  id: "UPL-NM-01",
  title: "A file name is never a path",
  why: "A service that joins its folder and the client's name writes where the client says.",
  standards: ["v5.0.0-5.3.2", "CWE-22", "WSTG-ATHZ-01", "CVE-2026-24486", "CVE-2021-31542", "CVE-2024-53677"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show.",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read.",
    gate: "Nothing to write: a name with a path in it is refused, and the service gets clean names only.",
  },
  cases: [
    hostileName("up one folder", (extension) => `../canary${extension}`, isPath),
    hostileName("up one folder with a backslash", (extension) => `..\\canary${extension}`, isPath),
    hostileName("up one folder with two backslashes", (extension) => `..\\\\canary${extension}`, isPath),
    hostileName("absolute", (extension) => `/tmp/canary${extension}`, isPath),
    hostileName("on a drive", (extension) => `C:\\canary${extension}`, isPath),
    hostileName("on another host", (extension) => `\\\\host\\share\\canary${extension}`, isPath),
    hostileName("up by way of a folder", (extension) => `a/../../canary${extension}`, isPath),
    hostileName("up eight folders", (extension) => `${"../".repeat(8)}tmp/canary${extension}`, isPath),
    hostileName("two dots alone", () => "..", isPath),
    hostileName("one dot alone", () => ".", isPath),
    honestName("dots within the name", (extension) => `a..b.c${extension}`),
  ],
};
