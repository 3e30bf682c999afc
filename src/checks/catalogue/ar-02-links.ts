import type { Check, CheckCase } from "../check.ts";
import { GATE_READS_ZIP, pythonRemedy } from "../framework-remedy.ts";
import { storedEntry, zipArchive } from "../payloads/zip-archive.ts";
import { canaryName, honestEntries, refusedTar, refusedZip } from "../zip-case.ts";

const FILE_MODE = 0o100644;

/** An entry of another kind; the twin's is a file with the same name and content. */
function ofMode(name: string, mode: number, content: string): CheckCase {
  const entries = (as: number) => [...honestEntries(), { ...storedEntry("notes/link", content), mode: as }];
  return refusedZip(name, () => entries(mode), undefined, { twin: () => zipArchive(entries(FILE_MODE)) });
}

/** UPL-AR-02: entries that are no files: links, devices, pipes. */
export const linksInArchive: Check = {
  id: "UPL-AR-02",
  title: "An archive holds files and folders, and nothing else",
  why: "A link that is unpacked first is where the next entry is written to, or whose target is read and handed out.",
  standards: [
    "v5.0.0-5.2.5",
    "CWE-59",
    "CWE-61",
    "CVE-2026-56876",
    "CVE-2026-10732",
    "CVE-2026-76845",
    "CVE-2025-4517",
  ],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Refuse every member that is no plain file or folder: in `zipfile` look at `info.external_attr >> 16` with `stat.S_ISREG` (0 means nothing was said), in `tarfile` at `member.isreg()` and `member.isdir()`.",
    GATE_READS_ZIP,
  ),
  cases: [
    ofMode("a symbolic link upwards", 0o120777, "../../canary"),
    ofMode("a symbolic link to an absolute path", 0o120777, "/tmp/canary"),
    ofMode("a character device", 0o020666, ""),
    ofMode("a block device", 0o060666, ""),
    ofMode("a named pipe", 0o010666, ""),
    ofMode("a socket", 0o140666, ""),
    refusedZip("a symbolic link and a file of one name", (target) => [
      { ...storedEntry("out", "../.."), mode: 0o120777 },
      storedEntry(`out/${canaryName(target)}`, "canary"),
    ]),
    refusedTar("a symbolic link, in a tar", () => [{ name: "link", type: "2", linkName: "../../canary" }]),
    refusedTar("a hard link upwards, in a tar", () => [
      { name: "link", type: "1", linkName: "../../canary" },
    ]),
    refusedTar("a character device, in a tar", () => [{ name: "device", type: "3" }]),
    refusedTar("a block device, in a tar", () => [{ name: "device", type: "4" }]),
    refusedTar("a named pipe, in a tar", () => [{ name: "pipe", type: "6" }]),
    refusedTar("a link and a file behind it, in a tar", (target) => [
      { name: "out", type: "2", linkName: "../.." },
      { name: `out/${canaryName(target)}`, content: "canary" },
    ]),
  ],
};
