/**
 * Values that only `verify` has: header lines, named secrets, request targets, JSON pointers, origins.
 *
 * Always holds: what might be a secret is not repeated in a sentence.
 */
import { didYouMean } from "../../setup/nearest-word.ts";
import { describeWritten, misread, type Reading, read } from "../../setup/reading.ts";

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Headers that say who sends, and what is named like a secret. */
const CREDENTIAL_HEADER =
  /^(authorization|proxy-authorization|cookie|x-csrf.*|.*(token|secret|password|session|api-?key).*)$/i;

/** What frames a request is different in every probe. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "content-type",
  "content-disposition",
  "transfer-encoding",
  "expect",
  "idempotency-key",
]);

const SECRET_FORMS = "env:NAME, file:PATH or command:LINE";

/** A header's name. */
export function readHeaderName(written: unknown): Reading<string> {
  if (typeof written === "string" && TOKEN.test(written) && written.length <= 100) return read(written);
  return misread(`${describeWritten(written)} is not the name of a header; write it like X-API-Key.`);
}

/** A whole header line without credentials. */
export function readHeaderLine(written: unknown): Reading<string> {
  const [, name = "", value = ""] =
    typeof written === "string" ? (/^([^:]*):[ \t]*(.*?)[ \t]*$/.exec(written) ?? []) : [];
  if (!TOKEN.test(name) || !/^[\x20-\x7e\x80-\xff]+$/.test(value)) {
    return misread("expected a header line such as X-Tenant: test, in quotes because of its colon.");
  }
  if (CREDENTIAL_HEADER.test(name)) {
    return misread(
      `${name} may hold a secret, and a secret is never written into this file; name it below credentials: { header: ${name}, main: env:NAME }.`,
    );
  }
  if (FRAMING_HEADERS.has(name.toLowerCase())) {
    return misread(`${name} is part of what is checked, so each request has its own; remove the line.`);
  }
  return read(`${name}: ${value}`);
}

/** How a secret is named; the secret itself is refused, and not repeated. */
export function readSecretName(written: unknown): Reading<string> {
  const notNamed = `a secret is never written into this file; name it: ${SECRET_FORMS}, whose one line of output is the value.`;
  if (typeof written !== "string") return misread(`expected ${SECRET_FORMS}.`);
  const [, form = "", rest = ""] = /^([A-Za-z]{1,10}):(.*)$/s.exec(written.trim()) ?? [];
  switch (form) {
    case "env":
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest)
        ? read(`env:${rest}`)
        : misread("after env: stands the name of an environment variable: letters, digits and _.");
    case "file":
      return rest.trim() === "" ? misread("after file: stands a path.") : read(`file:${rest.trim()}`);
    case "command":
      return rest.trim() === "" || /[\r\n]/.test(rest)
        ? misread("after command: stands one line for the shell.")
        : read(`command:${rest.trim()}`);
    default: {
      const hint = form === "" ? "" : didYouMean(form.toLowerCase(), ["env", "file", "command"]);
      return misread(`${notNamed}${hint}`);
    }
  }
}

/**
 * A request target: an absolute path, which may have a query. Which other names than `{id}` are known is looked at beside `verify.path`.
 * @param id whether `{id}` must stand in it, may, or must not
 */
export function readTarget(written: unknown, id: "required" | "optional" | "none"): Reading<string> {
  if (typeof written !== "string" || !written.startsWith("/") || written.startsWith("//")) {
    return misread(
      `expected a path that begins with a slash, found ${describeWritten(written)}; the host is said by --target.`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(written) || written.includes("#")) {
    return misread(
      "a path here has no spaces, no fragment (#) and no characters that need to be escaped as %XX.",
    );
  }
  const names: readonly string[] = written.match(/\{[^}]*\}/g) ?? [];
  const other = names.find((name) => !/^\{[A-Za-z_][A-Za-z0-9_-]*\}$/.test(name));
  if (other !== undefined) return misread(`${other} is not a name; write {id}.`);
  if (id === "required" && !names.includes("{id}")) {
    return misread(
      `there is no {id} in ${describeWritten(written)}; write it where the id of the upload stands.`,
    );
  }
  if (id === "none" && names.includes("{id}"))
    return misread("a list is the same for every upload, so it has no {id}.");
  return read(written);
}

/** RFC 6901 section 3. */
export function readPointer(written: unknown): Reading<string> {
  if (typeof written === "string" && /^(\/([^~/]|~[01])*)+$/.test(written)) return read(written);
  const hint =
    typeof written === "string" && /^[A-Za-z_][\w.]*$/.test(written)
      ? ` Did you mean "/${written.replaceAll(".", "/")}"?`
      : "";
  return misread(`${describeWritten(written)} is not a JSON pointer; write it like /upload/id.${hint}`);
}

/** `scheme://host:port` and nothing behind it. */
export function readOriginUrl(written: unknown): Reading<string> {
  const url = typeof written === "string" ? URL.parse(written) : null;
  if (typeof written !== "string" || url === null || !/^https?:$/.test(url.protocol)) {
    return misread(`${describeWritten(written)} is not an origin; write it like http://127.0.0.1:8000.`);
  }
  if (url.username !== "" || url.password !== "") {
    return misread("a name and a password do not belong here; see credentials.");
  }
  return url.origin === written || `${url.origin}/` === written
    ? read(url.origin)
    : misread(`only scheme, host and port belong here; write ${url.origin}.`);
}

/** The value of one path parameter: one segment that is not empty. */
export function readSegment(written: unknown): Reading<string> {
  if (typeof written === "string" && /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})+$/.test(written)) {
    return /^\.{1,2}$/.test(written) ? misread("a segment is not . or .. .") : read(written);
  }
  return misread(
    `expected one segment of a path in quotes, found ${describeWritten(written)}; other characters than those of a URL are escaped as %XX.`,
  );
}

/** The value of a text field; lengths are looked at beside the field's rule. */
export function readFieldValue(written: unknown): Reading<string> {
  return typeof written === "string"
    ? read(written)
    : misread(`expected a text, found ${describeWritten(written)}; write it in quotes.`);
}

/** The id of a check as the catalogue has it; whether there is such a check, it knows. */
export function readCheckId(written: unknown): Reading<string> {
  return typeof written === "string" && /^UPL-[A-Z]{2}-\d{2}$/.test(written)
    ? read(written)
    : misread(`${describeWritten(written)} is not the id of a check; write it like UPL-FM-04.`);
}
