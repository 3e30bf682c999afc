import { gzipSync } from "node:zlib";
import type { Check, Target } from "../check.ts";
import { GZIP, refusedInside } from "../content-case.ts";
import { pythonRemedy } from "../framework-remedy.ts";
import { joined } from "../payloads/bytes.ts";
import { gnuNameEntry, NEGATIVE_SIZE, paxEntry, tarArchive } from "../payloads/tar-archive.ts";
import { canaryName, honestTar, refusedTar } from "../zip-case.ts";

const quick = { refusal: { withinMs: 3000 } };
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
const hidden = (target: Target) => tarArchive({ name: canaryName(target), content: "seen by one reader\n" });

/** UPL-AR-13: headers that change what the next header says, and sizes that no file has. */
export const tarSpecials: Check = {
  id: "UPL-AR-13",
  title: "A tar has one reading",
  why: "Two readers that differ in which size counts go on at different bytes, and one sees an entry that the other has for data.",
  standards: ["CWE-436", "CWE-835", "CVE-2025-8194", "CVE-2025-62518"],
  flags: ["s"],
  topic: "archives",
  remedy: pythonRemedy(
    "Read with `tarfile` on a CPython that has the fix of CVE-2025-8194, never in mode `r|*`; refuse members whose `pax_headers` has `size` or `path`, whose `sparse` is set, or whose `size` is negative or larger than the file. Unpack the gzip around it as one stream, counted, and refuse what comes behind its first member.",
    "The gate reads no tar: leave `application/x-tar` and `application/gzip` out of `types: [...]`, and use no `any` where archives are unpacked behind it.",
  ),
  cases: [
    refusedTar("a pax name that leads upwards", (target) => [
      paxEntry({ path: `../${canaryName(target)}` }),
      { name: "plain.txt", content: "canary" },
    ]),
    refusedTar("a pax size that differs from the header's", (target) => [
      paxEntry({ size: "0" }),
      { name: "outer.txt", content: hidden(target) },
    ]),
    refusedTar("a pax size that is no number", () => [
      paxEntry({ size: "-1" }),
      { name: "a.txt", content: "a" },
    ]),
    refusedTar("a GNU name that leads upwards", (target) => [
      gnuNameEntry(`../${canaryName(target)}`),
      { name: "plain.txt", content: "canary" },
    ]),
    refusedTar("a sparse file", () => [
      { name: "sparse.bin", type: "S", content: "a".repeat(512), size: 512 },
    ]),
    refusedTar(
      "a negative size",
      () => [
        { name: "a.txt", size: NEGATIVE_SIZE },
        { name: "b.txt", content: "b" },
      ],
      quick,
    ),
    refusedTar(
      "a size larger than the file",
      () => [{ name: "a.txt", content: "a", size: 0o77777777777 }],
      quick,
    ),
    refusedInside("gzip of two members, each a tar", GZIP, {
      file: (target) => joined(gzip(honestTar()), gzip(hidden(target))),
      twin: () => gzip(honestTar()),
    }),
    refusedInside("gzip with bytes behind it", GZIP, {
      file: () => joined(gzip(honestTar()), "bytes behind the end"),
      twin: () => gzip(honestTar()),
    }),
  ],
};
