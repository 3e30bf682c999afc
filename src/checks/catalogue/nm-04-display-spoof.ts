import type { Check } from "../check.ts";
import { hidesCharacters } from "../harms.ts";
import { honestName, hostileName } from "../name-case.ts";

/** UPL-NM-04: a name that looks like another. */
export const displaySpoof: Check = {
  id: "UPL-NM-04",
  title: "A name has no characters that turn or hide what is shown",
  why: "A person who opens exe.gpj reads jpg.exe the right way round, and clicks.",
  standards: ["CWE-451", "ATT&CK T1036.002"],
  flags: ["s"],
  remedy: {
    fastapi:
      "Never build a path from `UploadFile.filename`: store under `uuid4().hex`, keep the name as text beside it, cut to what you show. Where it is shown, strip characters of the categories Cc, Cf, Zl and Zp (`unicodedata.category`).",
    django:
      "`upload_to` as a callable that returns a uuid; `FileSystemStorage` cleans names, other storages and `open(name)` do not. Strip the categories Cc, Cf, Zl and Zp before the name is saved.",
    flask:
      "Store under a uuid of your own; `secure_filename` is for showing only, and `safe_join` for every read. Strip the categories Cc, Cf, Zl and Zp before the name is saved.",
    gate: "Nothing to write: refused, or the service gets the name without them.",
  },
  cases: [
    hostileName("right-to-left override", (extension) => `photo_\u202egnp${extension}`, hidesCharacters),
    hostileName("right-to-left mark", (extension) => `photo\u200f${extension}`, hidesCharacters),
    hostileName("first strong isolate", (extension) => `photo\u2068a\u2069${extension}`, hidesCharacters),
    hostileName("a zero-width space", (extension) => `pho\u200bto${extension}`, hidesCharacters),
    hostileName("a soft hyphen", (extension) => `pho\u00adto${extension}`, hidesCharacters),
    hostileName("a byte order mark", (extension) => `\ufeffphoto${extension}`, hidesCharacters),
    hostileName("tag characters", (extension) => `photo\u{E0061}\u{E0062}${extension}`, hidesCharacters),
    hostileName("a dot that is none", (extension) => `photo.html\u2024${extension.slice(1)}`),
    honestName("Cyrillic", (extension) => `Фото из отпуска${extension}`),
    honestName("Hebrew", (extension) => `תמונה${extension}`),
    honestName("Japanese", (extension) => `夏休みの写真${extension}`),
    honestName("accents", (extension) => `Übergröße café${extension}`),
  ],
};
