/**
 * What can be said of a file before its first byte: its name, its extension and its declared type, against what the flow allows.
 *
 * Nothing that the request says is believed: a file that passes here has only not contradicted itself. No declared type, or
 * `application/octet-stream`, says nothing and contradicts nothing.
 */
import { quoteSeen } from "../problems/gate-error.ts";
import { FILE_TYPES, type FileType, findFileType } from "../uploads/file-types.ts";
import type { Finding } from "../uploads/finding.ts";
import type { ReceivedFile } from "../uploads/stages.ts";
import { extensionOf, judgeFileName } from "./file-name.ts";
import { refusal } from "./flaw.ts";

/** What the flow says of a file's type. */
export interface TypeRule {
  readonly types: readonly string[] | "any";
}

/** `nameRequired`: whether a file without a name is refused (default: yes). Raw bodies often have none. */
export interface DeclaredOptions {
  readonly nameRequired?: boolean;
}

const NOTHING_SAID: ReadonlySet<string> = new Set(["application/octet-stream", "binary/octet-stream"]);

/**
 * Judges name, extension and declared type. For `types: any` only the name.
 * @returns FILE_NAME_MISSING, FILE_NAME_INVALID, FILE_EXTENSION_NOT_ALLOWED, FILE_TYPE_NOT_ALLOWED or FILE_TYPE_MISMATCH; `null`
 *          where there is nothing to say against them.
 */
export function judgeDeclared(
  file: ReceivedFile,
  rule: TypeRule,
  options: DeclaredOptions = {},
): Finding | null {
  const { declaredName } = file;
  if (declaredName === null) {
    if (rule.types === "any") return null;
    if (options.nameRequired ?? true) return refusal("FILE_NAME_MISSING", null, "a file name", "none");
    return judgeDeclaredType(file, rule.types);
  }
  const badName = judgeFileName(declaredName);
  if (badName !== null || rule.types === "any") return badName;
  return (
    judgeExtension(declaredName, rule.types) ?? judgeDeclaredType(file, rule.types) ?? judgeAgreement(file)
  );
}

/** The types that a file's name and declared type speak of; empty where neither says anything. */
export function statedTypes(file: ReceivedFile): readonly FileType[] {
  const stated = [typeByName(file.declaredName), typeByDeclared(file.declaredType)];
  return stated.filter((type) => type !== undefined);
}

/** Labels of allowed types, for a person: "JPEG image, PNG image". */
export function listTypes(types: readonly string[]): string {
  return types.map((type) => findFileType(type)?.label ?? type).join(", ");
}

function judgeExtension(name: string, types: readonly string[]): Finding | null {
  const type = typeByName(name);
  if (type !== undefined && types.includes(type.mediaType)) return null;
  const allowed = types.flatMap((mediaType) => findFileType(mediaType)?.extensions ?? []);
  const extension = extensionOf(name);
  const seen = extension === null ? `no extension in ${quoteSeen(name)}` : `.${extension}`;
  return refusal("FILE_EXTENSION_NOT_ALLOWED", null, allowed.map((one) => `.${one}`).join(", "), seen);
}

function judgeDeclaredType({ declaredType }: ReceivedFile, types: readonly string[]): Finding | null {
  if (declaredType === null || NOTHING_SAID.has(declaredType)) return null;
  const type = typeByDeclared(declaredType);
  if (type !== undefined && types.includes(type.mediaType)) return null;
  return refusal("FILE_TYPE_NOT_ALLOWED", null, listTypes(types), `declared as ${quoteSeen(declaredType)}`);
}

function judgeAgreement(file: ReceivedFile): Finding | null {
  const [byName, byDeclared] = statedTypes(file);
  if (byName === undefined || byDeclared === undefined || byName === byDeclared) return null;
  const seen = `extension: ${byName.label}; declared: ${byDeclared.label}`;
  return refusal("FILE_TYPE_MISMATCH", null, "an extension and a declared type that agree", seen);
}

function typeByName(name: string | null): FileType | undefined {
  const extension = name === null ? null : extensionOf(name);
  if (extension === null) return undefined;
  return FILE_TYPES.find((type: FileType) => type.extensions.includes(extension));
}

function typeByDeclared(declaredType: string | null): FileType | undefined {
  if (declaredType === null) return undefined;
  return (
    findFileType(declaredType) ?? FILE_TYPES.find((type: FileType) => type.aliases.includes(declaredType))
  );
}
