/**
 * Contradictions within `permissions`, and with what the settings say of callers.
 *
 * Works on what is written, checked or not, so that all problems are told at once.
 */
import type { SetupProblem } from "../problems/setup-problem.ts";
import { problemAt, problemAtKey } from "../setup/schema-problems.ts";
import { groupIn, isGroup, type WrittenGroup } from "../setup/written-group.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import type { CallerKind } from "./flow.ts";

/** Kinds of callers that the settings make possible; `any` where there are no settings to ask. */
export type KnownCallers = ReadonlySet<CallerKind> | "any";

/** All contradictions of a flow's `permissions`. */
export function findPermissionContradictions(
  source: YamlSource,
  flow: WrittenGroup,
  callers: KnownCallers,
): SetupProblem[] {
  const permissions = groupIn(flow.permissions);
  return [
    ...checkCallerIsKnown(source, permissions, callers),
    ...checkRequire(source, permissions),
    ...checkAsk(source, permissions),
    ...checkShares(source, permissions),
    ...checkDerivedKey(source, flow, permissions),
  ];
}

function checkCallerIsKnown(
  source: YamlSource,
  { caller }: WrittenGroup,
  callers: KnownCallers,
): SetupProblem[] {
  if (callers === "any" || (caller !== "jwt" && caller !== "grant") || callers.has(caller)) return [];
  const sentence = `the settings do not say whose ${caller === "jwt" ? "tokens" : "grants"} are taken; write callers.${caller} in sluicegate.yaml.`;
  return [problemAt(source, ["permissions", "caller"], sentence)];
}

const INSTEAD_OF_REQUIRE: Readonly<Record<string, string>> = {
  public: "with caller: public nobody shows who it is, so nothing can be required",
  grant: "a grant says itself what it is good for",
  upstream: "the service that is asked decides what a caller must have",
};

function checkRequire(source: YamlSource, { caller, require: required }: WrittenGroup): SetupProblem[] {
  if (required === undefined || typeof caller !== "string") return [];
  const path = ["permissions", "require"];
  const reason = Object.hasOwn(INSTEAD_OF_REQUIRE, caller) ? INSTEAD_OF_REQUIRE[caller] : undefined;
  if (reason !== undefined) {
    return [
      problemAtKey(source, path, `${reason}; remove it. It belongs to caller: jwt and caller: api-key.`),
    ];
  }
  if (!isGroup(required)) return [];
  const names = Object.keys(required);
  if (names.length === 0) {
    return [problemAt(source, path, "nothing is required; write { scope: avatars:write }, or remove it.")];
  }
  if (caller !== "api-key") return [];
  return names
    .filter((name) => name !== "scope")
    .map((name) => problemAtKey(source, [...path, name], "a key of the gate has scopes only; write scope."));
}

function checkAsk(source: YamlSource, { caller, ask }: WrittenGroup): SetupProblem[] {
  const path = ["permissions", "ask"];
  if (caller === "upstream" && ask === undefined) {
    return [
      problemAt(source, path, "this is missing; write the path at which the service is asked: /auth/upload."),
    ];
  }
  if (caller === "upstream" || ask === undefined || typeof caller !== "string") return [];
  return [
    problemAtKey(
      source,
      path,
      `nobody is asked with caller: ${caller}; remove it, or write caller: upstream.`,
    ),
  ];
}

function checkShares(source: YamlSource, permissions: WrittenGroup): SetupProblem[] {
  return ["rate", "concurrent", "quota"].flatMap((kind) => {
    const written = permissions[kind];
    const path = ["permissions", kind];
    const items = Array.isArray(written)
      ? written.map((item, index) => ({ item: groupIn(item), at: [...path, index] }))
      : [{ item: groupIn(written), at: path }];
    return items.flatMap(({ item, at }) => [
      ...checkSubject(source, permissions, item, at),
      ...(kind === "quota" ? checkQuota(source, item, at) : []),
    ]);
  });
}

function checkSubject(
  source: YamlSource,
  { caller }: WrittenGroup,
  { per }: WrittenGroup,
  at: readonly PropertyKey[],
): SetupProblem[] {
  if (caller !== "public" || per !== "principal") return [];
  const sentence =
    "with caller: public everybody is one principal; write per: address, or per: flow for a share of all together.";
  return [problemAt(source, [...at, "per"], sentence)];
}

function checkQuota(source: YamlSource, item: WrittenGroup, at: readonly PropertyKey[]): SetupProblem[] {
  const keys = Object.keys(item);
  // A key that is not known may be one of the two, misspelt; the schema says so.
  if (keys.length === 0 || keys.some((key) => key !== "per" && key !== "every")) return [];
  return [
    problemAt(source, at, "a quota is of bytes, of files, or of both; write bytes: 200 MiB or files: 50."),
  ];
}

/** What one user sent must never be answered with what another was told. */
function checkDerivedKey(
  source: YamlSource,
  { retry }: WrittenGroup,
  { caller }: WrittenGroup,
): SetupProblem[] {
  if (caller !== "public" || groupIn(retry)["idempotency-key"] !== "derived") return [];
  const sentence =
    "with caller: public everybody is one principal, so two people who send the same file would count as one who sends it again; write required or optional.";
  return [problemAt(source, ["retry", "idempotency-key"], sentence)];
}
