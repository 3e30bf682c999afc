/**
 * Names that only the gate may use: of headers, of query parameters, of form fields.
 *
 * A service behind a gate believes what the gate says of an upload. A client that could say it itself would forge it (lesson T42), and one
 * that could change the method behind the gate's back would be judged by the wrong rules (lesson T38).
 */

/** Headers that make a framework read another method than the request line. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
]);

/** Parameters that do the same: Rack, Laravel, Symfony and the Django middlewares. */
const METHOD_PARAMETERS: ReadonlySet<string> = new Set(["_method", ...METHOD_OVERRIDES]);

/**
 * What gates write beside a file field in place of its bytes: GitLab Workhorse (`file.path`, `file.remote_url`, `file.sha256` …) and the
 * nginx upload module (`file.path`, `file.md5`).
 */
const FILE_STATEMENT =
  /.\.(?:path|tmp_path|tempfile|remote_url|remote_id|md5|sha1|sha256|sha512|gitlab-workhorse-upload)$/;

/**
 * A header name as CGI and WSGI see it: they fold `-` and `_` into one, so `Sluicegate_Receipt` and `Sluicegate-Receipt` are the same
 * variable there. @see PEP 3333, "environ Variables"
 */
export function foldedHeaderName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** Whether a header is one that only the gate may send, by its folded name. */
export function isReservedHeader(foldedName: string): boolean {
  return foldedName.startsWith("sluicegate-") || METHOD_OVERRIDES.has(foldedName);
}

/** Whether a query parameter or form field is reserved; `name` decoded, in any case, brackets as the frameworks read them. */
export function isReservedName(name: string): boolean {
  const plain = name.trim().toLowerCase();
  const dotted = plain.replace(/\[([^\]]*)\]/g, ".$1").replace(/\.+$/, "");
  return METHOD_PARAMETERS.has(dotted) || /^sluicegate[-_.]/.test(dotted) || FILE_STATEMENT.test(dotted);
}

/**
 * Takes reserved parameters out of a request target; every other byte of it stays as it is. Both `&` and `;` separate, because services
 * differ in whether `;` does. @param target path and query
 */
export function stripReservedQuery(target: string): string {
  const at = target.indexOf("?");
  if (at < 0) return target;
  const query = target.slice(at + 1);
  const parts = query.split(/([&;])/);
  const kept: string[] = [];
  let hasDropped = false;
  for (let index = 0; index < parts.length; index += 2) {
    const part = parts[index] ?? "";
    if (isReservedName(parameterName(part))) hasDropped = true;
    else kept.push(kept.length === 0 ? "" : (parts[index - 1] ?? ""), part);
  }
  if (!hasDropped) return target;
  const rest = kept.join("");
  return rest === "" ? target.slice(0, at) : `${target.slice(0, at)}?${rest}`;
}

function parameterName(part: string): string {
  const equals = part.indexOf("=");
  const raw = (equals < 0 ? part : part.slice(0, equals)).replaceAll("+", " ");
  return raw.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
