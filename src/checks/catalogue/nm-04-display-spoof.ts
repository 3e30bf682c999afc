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
