import type { Check, CheckCase } from "../check.ts";
import { isPath } from "../harms.ts";
import { hostileName } from "../name-case.ts";

/** Exactly this name, with the control's bytes. */
function configName(fileName: string): CheckCase {
  const isKept = (name: string) =>
    name.toLowerCase() === fileName.toLowerCase() ? "a name that configures a server" : null;
  return hostileName(fileName, () => fileName, isKept, isPath);
}

/** UPL-NM-10: a name that some server or interpreter looks for. */
export const configNames: Check = {
  id: "UPL-NM-10",
  title: "Names that servers and interpreters look for do not get through",
  why: "A folder of uploads with .htaccess or __init__.py in it is a folder of code.",
  standards: ["v5.0.0-5.3.1", "CWE-434"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. Store outside of every folder that is served, imported or watched.",
    django:
      "`MEDIA_ROOT` outside of the code and of what the web server executes; `upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Store outside of `static/` and of the package.",
    gate: "Nothing to write where types are listed: such names have no listed extension.",
  },
  cases: [
    configName(".htaccess"),
    configName("web.config"),
    configName("uwsgi.ini"),
    configName("__init__.py"),
    configName("x.pth"),
    configName(".env"),
    configName(".user.ini"),
    configName(".well-known/x"),
    configName(".git/config"),
  ],
};
