/**
 * Path templates as in OpenAPI: literal segments, and `{name}` which stands for exactly one non-empty segment.
 */
import { misread, type Reading, read } from "../setup/reading.ts";

/** One segment: the literal text, or `null` for a parameter. */
export type TemplateSegment = string | null;

const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_-]{0,63})\}$/;
/** RFC 3986 section 3.3: pchar, escapes in upper case. */
const LITERAL = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*$/;
/** Escapes of what needs none, and of what would read as a separator or an end: `/`, `\`, controls, `%` itself. */
const NEEDLESS_ESCAPE = /%(?:2D|2E|3\d|4[1-9A-F]|5[0-9A]|5F|6[1-9A-F]|7[0-9AEF]|2F|5C|25|[01][0-9A-F])/;
const PATH_CHARS_MAX = 1024;

/** Segments of a template that `readPathTemplate` took. */
export function templateSegments(template: string): readonly TemplateSegment[] {
  return template
    .slice(1)
    .split("/")
    .map((segment) => (PARAMETER.test(segment) ? null : segment));
}

/** Reads a path template; refuses whatever the gate's canonical paths could never equal. */
export function readPathTemplate(written: unknown): Reading<string> {
  if (typeof written !== "string" || !written.startsWith("/")) {
    return misread("write the path as a client requests it, beginning with a slash: /api/avatars.");
  }
  if (written.length > PATH_CHARS_MAX)
    return misread(`the path is longer than ${PATH_CHARS_MAX} characters.`);
  if (/[?#]/.test(written))
    return misread("a path has no query and no fragment; leave out what begins with ? or #.");
  const segments = written.slice(1).split("/");
  const wrong = segments.map((segment, index) => segmentSentence(segment, index === segments.length - 1));
  const first = wrong.find((sentence) => sentence !== null);
  return first == null ? wholeTemplate(written, segments) : misread(first);
}

function segmentSentence(segment: string, isLast: boolean): string | null {
  if (segment === "") return isLast ? null : "the path has two slashes in a row.";
  if (segment === "." || segment === "..")
    return "the path has a dot segment; write the path that it leads to.";
  if (PARAMETER.test(segment)) return null;
  if (/[{}]/.test(segment)) {
    return `"${segment}" is not a parameter; a parameter is a whole segment: {user}, letters, digits, _ and -.`;
  }
  if (NEEDLESS_ESCAPE.test(segment)) return `"${segment}" has an escape that a canonical path never has.`;
  if (!LITERAL.test(segment)) {
    return `"${segment}" has characters that a path cannot have as they are; escape them as %XX in upper case.`;
  }
  return null;
}

function wholeTemplate(template: string, segments: readonly string[]): Reading<string> {
  const names = segments.filter((segment) => PARAMETER.test(segment));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) return misread(`the parameter ${repeated} is named twice.`);
  const top = segments[0];
  if (top === ".sluicegate") return misread("paths below /.sluicegate/ belong to the gate itself.");
  if (template === "/.well-known/jwks.json")
    return misread("/.well-known/jwks.json belongs to the gate itself.");
  return read(template);
}

/** Whether a canonical path, cut at its slashes, is one that the template stands for. */
export function matchesTemplate(template: readonly TemplateSegment[], path: readonly string[]): boolean {
  return (
    template.length === path.length &&
    template.every((segment, index) => (segment === null ? path[index] !== "" : segment === path[index]))
  );
}

/** A path that both templates stand for, or `null` where there is none. */
export function commonPath(a: readonly TemplateSegment[], b: readonly TemplateSegment[]): string | null {
  if (a.length !== b.length) return null;
  const common: string[] = [];
  for (const [index, segment] of a.entries()) {
    const other = b[index] ?? null;
    const isApart = segment === null || other === null ? segment === "" || other === "" : segment !== other;
    if (isApart) return null;
    common.push(segment ?? other ?? "x");
  }
  return `/${common.join("/")}`;
}
