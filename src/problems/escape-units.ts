/**
 * One character (a code point, or half a pair) as JSON writes it by its units: `\u202e`.
 */
export function escapeUnits(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
