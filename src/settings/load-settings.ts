/**
 * The settings: read once from sluicegate.yaml (or made from `--upstream URL` alone), checked whole, frozen, passed down.
 */
import { randomBytes } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { inFileOrder, problemAt, problemAtKey, schemaProblems } from "../setup/schema-problems.ts";
import { readWrittenFile } from "../setup/written-file.ts";
import { type KeyPath, readYaml, type YamlSource } from "../setup/yaml-source.ts";
import { buildSettings, defaultIssuer } from "./build-settings.ts";
import { findCallerContradictions, findWrittenSecrets, isSecretPath } from "./callers-consistency.ts";
import { type ReferenceKind, type ReferenceStanding, resolveReferences } from "./references.ts";
import type { Settings } from "./settings.ts";
import { settingsSchema, UPSTREAM_NAME_PATTERN } from "./settings-schema.ts";

export { settingsForUpstream, withOverrides } from "./override-settings.ts";

/** The settings, or all problems of the file. `isMissing` where there is no such file. */
export type SettingsLoad =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly isMissing: boolean; readonly problems: readonly SetupProblem[] };

/**
 * Loads the settings.
 * @param file        named in problems as it is given.
 * @param environment for `env:NAME`.
 * @param secrets     `unused` for a command that checks no signature, so that it needs no secrets either: what cannot be had is then a
 *                    random text that nobody has signed anything with.
 */
export async function loadSettings(
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  secrets: "needed" | "unused" = "needed",
): Promise<SettingsLoad> {
  const read = await readWrittenFile(file, "SETTINGS_INVALID");
  if (!read.ok) return read;
  const source = readYaml(read.text, file, "SETTINGS_INVALID");
  if (source.problems.length > 0) return failed(source.problems);
  const folder = dirname(resolve(file));
  const { value, references, problems } = await resolveReferences(source, {
    folder,
    environment,
    standingOf,
    standInFor: (path) => (secrets === "unused" && isSecretPath(path) ? randomSecret() : null),
  });
  // A file of comments only is a file of defaults.
  const parsed = settingsSchema.safeParse(value ?? {});
  const found = schemaProblems(parsed.error?.issues ?? [], source).map((problem) => {
    const reference = references.get(problem.path);
    return reference === undefined ? problem : withoutValue(source, problem, reference);
  });
  const written = [...problems, ...findWrittenSecrets(source)];
  const told = new Set(written.map(({ path }) => path));
  const all = [
    ...written,
    ...[...found, ...findCallerContradictions(source, value)].filter(({ path }) => !told.has(path)),
    ...checkUpstreamNames(source),
  ];
  if (!parsed.success || all.length > 0) return failed(all);
  const settings = buildSettings(parsed.data, folder, resolve(file));
  const contradictions = checkAddresses(source, settings);
  return contradictions.length > 0 ? failed(contradictions) : { ok: true, settings };
}

/** Long enough for every algorithm. */
const randomSecret = (): string => randomBytes(64).toString("base64url");

function failed(problems: readonly SetupProblem[]): SettingsLoad {
  return { ok: false, isMissing: false, problems: inFileOrder(problems) };
}

const NAMED_BY_ANYTHING =
  /^(listen\.(public|operator)\.address|upstreams\.[^.]+\.url|receipts\.issuer|callers\.jwt\.(issuer|audience))$/;
/** `file:` would be the first line of a key set, not the key set. */
const NAMED_BY_ENVIRONMENT = /^callers\.(jwt\.jwks|grant\.keys)$/;

function standingOf(path: KeyPath, kind: ReferenceKind): ReferenceStanding {
  const name = path.join(".");
  // Not built, and refused by the schema with a sentence of its own.
  if (name === "records.url-from") return "left";
  const isAllowed =
    NAMED_BY_ANYTHING.test(name) || isSecretPath(path) || (kind === "env" && NAMED_BY_ENVIRONMENT.test(name));
  return isAllowed ? "resolved" : "refused";
}

/** What a reference holds may be secret, so the sentence about it is left out. */
function withoutValue(source: YamlSource, problem: SetupProblem, reference: string): SetupProblem {
  const path = problem.path.split(".");
  const expected = isSecretPath(path) ? " A secret has at least 32 bytes." : "";
  return problemAt(
    source,
    path,
    `what ${reference} holds is not what belongs here (it is not shown).${expected}`,
  );
}

function checkUpstreamNames(source: YamlSource): SetupProblem[] {
  const upstreams = (source.value as { upstreams?: unknown } | null)?.upstreams;
  if (typeof upstreams !== "object" || upstreams === null || Array.isArray(upstreams)) return [];
  return Object.keys(upstreams)
    .filter((name) => !new RegExp(UPSTREAM_NAME_PATTERN).test(name))
    .map((name) =>
      problemAtKey(
        source,
        ["upstreams", name],
        "a name of an upstream has letters, digits, - and _, and begins with a letter.",
      ),
    );
}

function checkAddresses(source: YamlSource, { listen, upstreams }: Settings): SetupProblem[] {
  const problems: SetupProblem[] = [];
  const isSame = listen.public.port === listen.operator.port && listen.public.port !== 0;
  if (isSame) {
    const sentence = `clients and the operator cannot both come in at port ${listen.public.port}; choose another.`;
    const path = source.scalars.some((scalar) => scalar.path.join(".") === "listen.operator.address")
      ? ["listen", "operator", "address"]
      : ["listen", "public", "address"];
    problems.push(problemAt(source, path, sentence));
  }
  const own = defaultIssuer(listen.public);
  for (const { name, url } of upstreams.values()) {
    if (url !== own) continue;
    problems.push(
      problemAt(source, ["upstreams", name, "url"], "this is the gate's own address; it would call itself."),
    );
  }
  return problems;
}
