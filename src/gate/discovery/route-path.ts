/**
 * From the path of one request to the template of its route: segments that name one thing of many become `{id}`.
 */

/** Numbers, UUIDs, long hex or base64 words. */
const IDENTIFIER = /^(\d+|[0-9a-f-]{16,}|[A-Za-z0-9_-]{22,})$/;
/** Where a body is put at a name of the client's choice. */
const FILE_NAME = /^[^{}]*[^{}.]\.[A-Za-z][A-Za-z0-9]{0,7}$/;

/** @param path canonical, without query. @returns `/api/users/{id}/avatar`; with several: `{id}`, `{id2}` … */
export function templateOf(method: string, path: string): string {
  const segments = path.split("/");
  let identifiers = 0;
  return segments
    .map((segment, at) => {
      const isName = method === "PUT" && at === segments.length - 1 && FILE_NAME.test(segment);
      if (isName) return "{name}";
      if (!IDENTIFIER.test(segment)) return segment;
      identifiers += 1;
      return identifiers === 1 ? "{id}" : `{id${identifiers}}`;
    })
    .join("/");
}

/** The same route with its last segment open, for routes that differ in nothing else; `null` where it is open already. */
export function openLastSegment(path: string): string | null {
  const at = path.lastIndexOf("/");
  const last = path.slice(at + 1);
  return last === "" || last.startsWith("{") ? null : `${path.slice(0, at + 1)}{name}`;
}
