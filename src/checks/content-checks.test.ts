import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspectFile } from "../inspection/inspect-file.ts";
import { memorySource } from "../uploads/byte-source.ts";
import { findFileType } from "../uploads/file-types.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { CheckCase, ContentFile, Probe, Target } from "./check.ts";
import { testVirus } from "./payloads/test-virus.ts";
import { controlProbe } from "./payloads/upload.ts";
import { OCTETS } from "./sample-targets.ts";

const CLASSES: ReadonlySet<string> = new Set(["CT", "AR", "IM", "DC"]);
const CHECKS = CATALOGUE.filter(({ id }) => CLASSES.has(id.slice(4, 6)));
const MIB = 1024 * 1024;

/** A route that takes anything of that size, and promises something about everything. */
function anyOf(sizeBytesMax: number): Target {
  return {
    ...OCTETS,
    file: { ...OCTETS.file, sizeBytesMax },
    inspect: {
      malware: true,
      images: { pixelsMax: 1_000_000, framesMax: 100, reEncode: false, keepMetadata: false },
      archives: { unpackedBytesMax: 10 * MIB, entriesMax: 100, depthMax: 3 },
      documents: { activeContent: "refuse" },
    },
  };
}

interface Applied {
  readonly name: string;
  readonly each: CheckCase;
}

function appliedTo(target: Target): readonly Applied[] {
  return CHECKS.flatMap(({ id, cases }) =>
    cases
      .filter((each) => each.appliesTo(target) === true)
      .map((each) => ({ name: `${id} ${each.name}`, each })),
  );
}

const twinOf = (each: CheckCase, target: Target): Probe =>
  each.twin === "control" ? controlProbe(target) : each.twin(target);
const fileIn = ({ content }: Probe): ContentFile => {
  const [file] = content.files;
  assert.ok(file);
  return file;
};

test("every check of the inside of files says what to do, in each framework and with the gate", () => {
  assert.equal(CHECKS.length, 40);
  for (const { id, remedy } of CHECKS) {
    assert.ok(remedy, id);
    for (const text of Object.values(remedy)) assert.match(text, /\.$/, id);
  }
});

test("a case applies only where its payload fits", () => {
  for (const sizeBytesMax of [33 * 1024, 100_000, MIB, 8 * MIB]) {
    const target = anyOf(sizeBytesMax);
    for (const { name, each } of appliedTo(target)) {
      assert.ok(fileIn(each.probe(target)).bytes.length <= sizeBytesMax, `${name} at ${sizeBytesMax}`);
    }
  }
});

test("every payload is made in 200 ms of computing, however much it unpacks to", () => {
  const target = anyOf(8 * MIB);
  for (const { name, each } of appliedTo(target)) {
    const timesMs = [0, 1, 2].map(() => {
      const before = process.cpuUsage();
      each.probe(target);
      return process.cpuUsage(before).user / 1000;
    });
    assert.ok(Math.min(...timesMs) < 200, `${name}: ${timesMs.map(Math.round).join(", ")} ms`);
  }
});

test("every benign twin is what its type says, as the gate's own inspection proves it", async () => {
  const target = anyOf(8 * MIB);
  const seen = new Set<string>();
  for (const { name, each } of appliedTo(target)) {
    const file = fileIn(twinOf(each, target));
    if (findFileType(file.mediaType) === undefined) continue;
    seen.add(file.mediaType);
    assert.deepEqual(await findingsOf(file), [], name);
  }
  assert.ok(seen.size >= 11, [...seen].join(", "));
});

async function findingsOf({ name, mediaType, bytes }: ContentFile): Promise<readonly unknown[]> {
  const report = await inspectFile({
    file: {
      index: 0,
      field: "file",
      declaredName: name,
      declaredType: mediaType,
      key: "k",
      sizeBytes: bytes.length,
      sha256: "",
      inline: null,
    },
    rule: { types: [mediaType] },
    nameRequired: true,
    source: memorySource(bytes),
    signal: new AbortController().signal,
  });
  return report.findings.filter(({ severity }) => severity === "refuse");
}

test("the test virus is the one that scanners know, and lies whole in no source file", () => {
  const virus = testVirus();
  assert.equal(
    createHash("sha256").update(virus).digest("hex"),
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
  );
  const files = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    const path = join(file.parentPath, file.name);
    assert.ok(!readFileSync(path).includes(virus), path);
  }
});

const READ_TWINS = `
import sys, tarfile, zipfile
for line in sys.stdin.read().splitlines():
    if line.endswith(".tar"):
        with tarfile.open(line) as archive:
            [archive.extractfile(member).read() for member in archive if member.isfile()]
    else:
        with zipfile.ZipFile(line) as archive:
            bad = archive.testzip()
            if bad is not None: sys.exit(f"{line}: {bad}")
`;

test("Python reads every honest archive to its end", { skip: !hasPython() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sluicegate-content-"));
  try {
    const target = anyOf(8 * MIB);
    const archives = appliedTo(target)
      .map(({ each }) => fileIn(twinOf(each, target)))
      .filter(({ name }) => /\.(zip|tar|docx|xlsx|pptx|odt)$/.test(name));
    const paths = archives.map(({ name, bytes }) => {
      const path = join(folder, `${randomUUID()}-${name}`);
      writeFileSync(path, bytes);
      return path;
    });
    assert.ok(paths.length > 100);
    execFileSync("python3", ["-c", READ_TWINS], { input: paths.join("\n"), timeout: 60_000 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function hasPython(): boolean {
  return spawnSync("python3", ["--version"]).status === 0;
}
