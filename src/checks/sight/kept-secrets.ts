/**
 * Every secret that a run has used, so that none of them is in anything that is written.
 */

/** Shorter ones would be found in ordinary text everywhere. */
const SECRET_CHARS_MIN = 4;
/** What stands before the secret in a header's value: `Bearer `, `session=`. */
const BEFORE = /^(?:[A-Za-z][\w-]* +(?=\S)|[^=;\s]+=(?=.))/;

export class KeptSecrets {
  readonly #texts = new Set<string>();

  /** Keeps a header's value, and the secret in it without its scheme or the name of its cookie. */
  add(value: string): void {
    const parts = [value, value.replace(BEFORE, ""), ...value.split(/;\s*/).map(afterName)];
    for (const part of parts) if (part.length >= SECRET_CHARS_MIN) this.#texts.add(part);
  }

  /** Keeps what stands after the name of each header line. */
  addLines(lines: readonly string[]): void {
    for (const line of lines) this.add(line.slice(line.indexOf(":") + 1).trim());
  }

  /** Longest first: one may be a part of another. */
  all(): readonly string[] {
    return [...this.#texts].sort((a, b) => b.length - a.length);
  }

  /** The text with `***` in place of each secret. */
  redact(text: string): string {
    return this.all().reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
  }
}

const afterName = (part: string): string => part.replace(/^[^=\s]+=(?=.)/, "");
