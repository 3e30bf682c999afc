import type { Check } from "../check.ts";
import { isTooLong } from "../harms.ts";
import { honestName, hostileName } from "../name-case.ts";

const isBroken = (name: string) =>
  name.includes("\ufffd") || !name.isWellFormed() ? "a name cut within a character" : null;
const lostExtension = (name: string) =>
  /\.[a-z0-9]{1,5}$/i.test(name) ? null : "a name that lost its extension";

/** UPL-NM-06: names as long as a file system takes them, and longer. */
export const overlongName: Check = {
  id: "UPL-NM-06",
  title: "A long name is refused, or shortened with its extension intact",
  why: "A name that the file system does not take becomes a 500, and one that is cut blindly loses the extension that was checked.",
  standards: ["CWE-20"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. Refuse more than 255 bytes with 400: the file system's own error is a 500.",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not. `FileField(max_length=…)` and a look before `save()`: the database's error is a 500.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Refuse more than 255 bytes with 400.",
    gate: "Nothing to write: at most 255 bytes, else 400.",
  },
  cases: [
    hostileName(
      "255 bytes",
      (extension) => `${"a".repeat(255 - extension.length)}${extension}`,
      isTooLong,
      lostExtension,
    ),
    hostileName(
      "256 bytes",
      (extension) => `${"a".repeat(256 - extension.length)}${extension}`,
      isTooLong,
      lostExtension,
    ),
    hostileName(
      "4,096 bytes",
      (extension) => `${"a".repeat(4096 - extension.length)}${extension}`,
      isTooLong,
      lostExtension,
    ),
    hostileName(
      "a limit within a character of three bytes",
      (extension) => `${"漢".repeat(90)}${extension}`,
      isTooLong,
      isBroken,
      lostExtension,
    ),
    hostileName(
      "a limit within a character of four bytes",
      (extension) => `a${"\u{1F600}".repeat(64)}${extension}`,
      isTooLong,
      isBroken,
      lostExtension,
    ),
    hostileName(
      "a dangerous extension at the limit",
      (extension) => `${"a".repeat(250)}.html${extension}`,
      isTooLong,
      lostExtension,
    ),
    honestName("100 bytes", (extension) => `${"a".repeat(100 - extension.length)}${extension}`),
  ],
};
