/**
 * What a check refers to, by name and, where there is a stable address, with it.
 */

export interface Reference {
  readonly name: string;
  /** Absolute `https:` address, or `null`. */
  readonly href: string | null;
}

const KINDS: readonly (readonly [pattern: RegExp, refer: (match: RegExpExecArray) => Reference])[] = [
  [/^v(5\.0\.\d)-(\d+\.\d+\.\d+)$/, ([, version, clause]) => plain(`OWASP ASVS ${version}, ${clause}`)],
  [
    /^CWE-(\d{1,5})$/,
    ([name, number]) => linked(name, `https://cwe.mitre.org/data/definitions/${number}.html`),
  ],
  [/^CVE-\d{4}-\d{4,7}$/, ([name]) => linked(name, `https://www.cve.org/CVERecord?id=${name}`)],
  [/^GHSA(-[0-9a-z]{4}){3}$/, ([name]) => linked(name, `https://github.com/advisories/${name}`)],
  [
    /^RFC ?(\d{3,5})$/,
    ([, number]) => linked(`RFC ${number}`, `https://www.rfc-editor.org/rfc/rfc${number}`),
  ],
  [/^API(\d{1,2})$/, ([name]) => plain(`OWASP API Security Top 10 2023, ${name}`)],
  [/^WSTG-([A-Z]+-\d+)$/, ([name]) => plain(`OWASP Web Security Testing Guide, ${name}`)],
  [/^CRS-(\d+)$/, ([, rule]) => plain(`OWASP Core Rule Set, rule ${rule}`)],
];

/** A reference for one entry of `standards`; what is not known is only named. */
export function referenceOf(standard: string): Reference {
  for (const [pattern, refer] of KINDS) {
    const match = pattern.exec(standard);
    if (match !== null) return refer(match);
  }
  return plain(standard);
}

function plain(name: string): Reference {
  return { name, href: null };
}

function linked(name: string, href: string): Reference {
  return { name, href };
}
