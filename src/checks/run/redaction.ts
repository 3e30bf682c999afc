/**
 * Takes secrets out of everything that leaves a run: text and bytes in, the same with `***` in place of each secret out.
 *
 * Always holds: a value of a header that carries a credential is replaced whatever it is; a secret is found as it is, in percent-encoding, in
 * JSON's and in base64. Texts of fewer than four characters are no secrets: they would be found everywhere.
 */

export const HIDDEN = "***";
const SECRET_CHARS_MIN = 4;
/** What is learned from headers is somebody's credential, or a payload: short ones are taken for payloads. */
const LEARNED_CHARS_MIN = 8;
const SECRET_HEADER =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-csrf-?token|x-xsrf-token|.*(token|secret|api-?key|password|credential|signature).*)$/i;

export class Redaction {
  readonly #secrets: () => readonly string[];
  readonly #header: string;
  readonly #learned = new Set<string>();
  readonly #variants = new Map<string, readonly string[]>();

  /** @param header beside the well-known ones, which header carries a credential */
  constructor(secrets: () => readonly string[], header: string | null = null) {
    this.#secrets = secrets;
    this.#header = header?.toLowerCase() ?? "";
  }

  /** Whether the values of a header are never told. */
  hides(headerName: string): boolean {
    return SECRET_HEADER.test(headerName) || headerName.toLowerCase() === this.#header;
  }

  /** Remembers the credentials of a header line, so that an echo of them is found. */
  learn(headerName: string, value: string): void {
    if (!this.hides(headerName)) return;
    // What follows a cookie that is set are words about it (RFC 6265 section 4.1.1).
    const told = headerName.toLowerCase() === "set-cookie" ? (value.split(";")[0] ?? "") : value;
    for (const each of credentialsIn(told)) if (each.length >= LEARNED_CHARS_MIN) this.#learned.add(each);
  }

  /** A request's or an answer's head as text: request line and header lines. */
  head(text: string): string {
    const lines = text.split("\r\n").map((line) => {
      const [, name = "", gap = ""] = /^([^:\s]+):([ \t]*)/.exec(line) ?? [];
      return name !== "" && this.hides(name) ? `${name}:${gap}${HIDDEN}` : line;
    });
    return this.text(lines.join("\r\n"));
  }

  /** @returns the text without any secret */
  text(text: string): string {
    return without(text, this.#all());
  }

  /** Bytes, read one character a byte: secrets that are not ASCII are found as UTF-8. */
  bytes(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const onTheWire = this.#all().map((variant) => Buffer.from(variant, "utf8").toString("latin1"));
    const shown = without(text, onTheWire);
    return shown === text ? bytes : Buffer.from(shown, "latin1");
  }

  /** Any plain data: every text in it, but for those under the keys that are named. */
  data<T>(value: T, ...keysLeft: readonly string[]): T {
    const all = this.#all();
    const walk = (each: unknown): unknown => {
      if (typeof each === "string") return without(each, all);
      if (Array.isArray(each)) return each.map(walk);
      if (typeof each !== "object" || each === null) return each;
      return Object.fromEntries(
        Object.entries(each).map(([key, inner]) => [key, keysLeft.includes(key) ? inner : walk(inner)]),
      );
    };
    return walk(value) as T;
  }

  /** Longest first, so that a secret within a secret leaves nothing of the longer one. */
  #all(): readonly string[] {
    const secrets = [...this.#secrets(), ...this.#learned].filter((each) => each.length >= SECRET_CHARS_MIN);
    return [...new Set(secrets.flatMap((secret) => this.#variantsOf(secret)))].sort(
      (a, b) => b.length - a.length,
    );
  }

  #variantsOf(secret: string): readonly string[] {
    const known = this.#variants.get(secret);
    if (known !== undefined) return known;
    const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      base64,
      base64.replaceAll("+", "-").replaceAll("/", "_"),
    ];
    this.#variants.set(secret, forms);
    return forms;
  }
}

function without(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (shown.includes(secret)) shown = shown.replaceAll(secret, HIDDEN);
  return shown;
}

/** `Bearer x` and `Basic x` are x; a cookie's values are each one. */
function credentialsIn(value: string): readonly string[] {
  const parts = value.split(/;\s*/).map((part) => part.replace(/^[^=\s]+=(?=.)/, ""));
  return [value, value.replace(/^\S+\s+/, ""), ...parts].map((each) => each.trim());
}
