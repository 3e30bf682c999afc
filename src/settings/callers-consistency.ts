/**
 * What hangs together across the keys of `callers`, and secrets that are written instead of named.
 */
import type { SetupProblem } from "../problems/setup-problem.ts";
import { problemAt } from "../setup/schema-problems.ts";
import { groupIn, isGroup, type WrittenGroup } from "../setup/written-group.ts";
import type { KeyPath, YamlSource } from "../setup/yaml-source.ts";
import { HMAC_BYTES, PUBLIC_KEY_ALGORITHMS, SECRET_BYTES_MIN } from "./signature-algorithms.ts";

/** Whether what stands at a path must be named by `env:` or `file:`. */
export function isSecretPath(path: KeyPath): boolean {
  return /^callers\.(jwt|grant)\.secret$/.test(path.join("."));
}

/**
 * Secrets that are written instead of named. A text in place of a whole group may be one too, so the sentence about it does not show it.
 */
export function findWrittenSecrets(source: YamlSource): SetupProblem[] {
  return source.scalars.flatMap(({ path, value: written }) => {
    const sentence = writtenSecretSentence(path, String(written));
    return written === null || sentence === null ? [] : [problemAt(source, path, sentence)];
  });
}

function writtenSecretSentence(path: KeyPath, written: string): string | null {
  if (isSecretPath(path) && !/^(env|file):/.test(written)) {
    return "a secret is never written into this file; name it: env:NAME for an environment variable, or file:PATH for the first line of a file.";
  }
  return /^callers(\.(jwt|grant))?$/.test(path.join("."))
    ? "expected a group of keys, found a single value (it is not shown)."
    : null;
}

/** Keys of `callers` that contradict each other. @param written with references resolved. */
export function findCallerContradictions(source: YamlSource, written: unknown): SetupProblem[] {
  const callers = groupIn(groupIn(written).callers);
  return [
    ...checkOneKey(source, callers, "jwt", "jwks"),
    ...checkOneKey(source, callers, "grant", "keys"),
    ...checkAlgorithms(source, groupIn(callers.jwt)),
  ];
}

function checkOneKey(
  source: YamlSource,
  callers: WrittenGroup,
  kind: string,
  keySetName: string,
): SetupProblem[] {
  const path = ["callers", kind];
  const one = callers[kind];
  if (!isGroup(one)) return [];
  if (keySetName in one && "secret" in one) {
    const sentence = `${keySetName} and secret cannot both be; keep the one that the ${kind === "jwt" ? "issuer" : "service"} signs with.`;
    return [problemAt(source, [...path, "secret"], sentence)];
  }
  if (keySetName in one || "secret" in one) return [];
  return [
    problemAt(
      source,
      path,
      `it is not said what signatures are checked with; write ${keySetName} (public keys) or secret.`,
    ),
  ];
}

/** A public key taken for an HMAC secret lets everybody sign who knows it: RFC 8725 section 2.1. */
function checkAlgorithms(source: YamlSource, jwtGroup: WrittenGroup): SetupProblem[] {
  const { algorithms } = jwtGroup;
  if (!Array.isArray(algorithms) || "jwks" in jwtGroup === "secret" in jwtGroup) return [];
  const held = jwtGroup.secret;
  return algorithms.flatMap((algorithm: unknown, index) => {
    const sentence = algorithmSentence(algorithm, "jwks" in jwtGroup, held);
    return sentence === null ? [] : [problemAt(source, ["callers", "jwt", "algorithms", index], sentence)];
  });
}

function algorithmSentence(algorithm: unknown, hasKeySet: boolean, held: unknown): string | null {
  if (typeof algorithm !== "string") return null;
  const bytes = Object.hasOwn(HMAC_BYTES, algorithm) ? HMAC_BYTES[algorithm] : undefined;
  if (bytes !== undefined && hasKeySet)
    return `${algorithm} belongs to a secret, not to public keys; remove it.`;
  if (bytes === undefined && !hasKeySet && PUBLIC_KEY_ALGORITHMS.includes(algorithm))
    return `${algorithm} belongs to public keys (jwks), not to a secret; remove it.`;
  const isShort = bytes !== undefined && typeof held === "string" && Buffer.byteLength(held) < bytes;
  return isShort && Buffer.byteLength(held) >= SECRET_BYTES_MIN
    ? `${algorithm} needs a secret of at least ${bytes} bytes.`
    : null;
}
