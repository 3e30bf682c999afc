/**
 * Whether a JSON object says one name twice. Readers differ in which of the two counts, so what the gate allowed might not be what the service
 * reads (RFC 8259 section 4, RFC 7515 section 4, RFC 7519 section 4).
 */

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** @param json valid JSON; names are compared as they read, `"\u0061"` is `"a"`. */
export function hasRepeatedName(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  let lastText = '""';
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : null);
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") lastText = token;
    else if (isSecond(open.at(-1), JSON.parse(lastText) as string)) return true;
  }
  return false;
}

function isSecond(names: Set<string> | null | undefined, name: string): boolean {
  const isKnown = names?.has(name) === true;
  names?.add(name);
  return isKnown;
}
