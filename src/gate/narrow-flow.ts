/**
 * A flow made narrower for one upload, by a grant or by the service's own yes. Never wider: every number is the smaller of the two, every list
 * what both have in common.
 */
import type { FileRule, Flow } from "../flows/flow.ts";
import type { Narrowing } from "../permissions/caller.ts";
import { GateError } from "../problems/gate-error.ts";
import { findFileType } from "../uploads/file-types.ts";
import type { ReceivedPart } from "./body-intake.ts";

/** @throws GRANT_MISMATCH where nothing that the flow takes is left */
export function narrowFlow(flow: Flow, narrowing: Narrowing | null): Flow {
  if (narrowing === null) return flow;
  const files = new Map([...flow.files].map(([name, rule]) => [name, narrowRule(rule, narrowing)]));
  if ([...files.values()].every(({ types }) => types !== "any" && types.length === 0)) {
    throw new GateError("GRANT_MISMATCH", {
      message: "The permission is for types that this route does not take.",
      expected: [...flow.files.values()].flatMap(({ types }) => types).join(", "),
      seen: (narrowing.types ?? []).join(", ").slice(0, 200),
    });
  }
  return { ...flow, files };
}

function narrowRule(rule: FileRule, { fileBytesMax, filesMax, types }: Narrowing): FileRule {
  return {
    ...rule,
    sizeBytesMax: Math.min(rule.sizeBytesMax, fileBytesMax ?? Number.POSITIVE_INFINITY),
    countMax: Math.min(rule.countMax, filesMax ?? Number.POSITIVE_INFINITY),
    types: types === null ? rule.types : commonTypes(rule.types, types),
  };
}

/** What a flow takes unverified can only be narrowed to types that the gate can verify. */
function commonTypes(taken: FileRule["types"], allowed: readonly string[]): readonly string[] {
  return taken === "any"
    ? allowed.filter((type) => findFileType(type) !== undefined)
    : taken.filter((type) => allowed.includes(type));
}

/**
 * Parts that were taken by the flow itself, as the narrower one takes them: for a copy that could not wait until it was known who sends.
 * @throws FILE_TOO_LARGE
 */
export function narrowParts(
  parts: readonly ReceivedPart[],
  narrowing: Narrowing | null,
): readonly ReceivedPart[] {
  if (narrowing === null) return parts;
  return parts.map((part) => {
    if (part.kind === "field") return part;
    const rule = narrowRule(part.rule, narrowing);
    const { sizeBytes } = part.file;
    if (sizeBytes <= rule.sizeBytesMax) return { ...part, rule };
    throw new GateError("FILE_TOO_LARGE", {
      expected: `at most ${rule.sizeBytesMax} bytes`,
      seen: `${sizeBytes} bytes`,
      details: { field: part.name, limitBytes: rule.sizeBytesMax },
    });
  });
}

/**
 * Holds what only the whole upload shows: how many files in all, and their content.
 * @throws GRANT_MISMATCH
 */
export function holdNarrowing(parts: readonly ReceivedPart[], narrowing: Narrowing | null): void {
  if (narrowing === null) return;
  const files = parts.flatMap((part) => (part.kind === "file" ? [part.file] : []));
  const { filesMax, sha256 } = narrowing;
  if (filesMax !== null && files.length > filesMax) {
    throw new GateError("GRANT_MISMATCH", {
      message: "The upload has more files than its permission allows.",
      expected: `at most ${filesMax}`,
      seen: String(files.length),
    });
  }
  if (sha256 === null) return;
  const [file, ...others] = files;
  if (file === undefined || others.length > 0 || file.sha256 !== sha256) {
    throw new GateError("GRANT_MISMATCH", {
      message: "The upload is not the one file that its permission is for.",
      expected: `one file with SHA-256 ${sha256}`,
      seen: file === undefined ? "no file" : `${files.length} file(s), the first with SHA-256 ${file.sha256}`,
    });
  }
}
