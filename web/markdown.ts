/**
 * Reads the Markdown of change records and drill reports: headings, paragraphs, lists, tables, code, quotes, rules; inside of them emphasis, code and links.
 *
 * Pure: text in, a tree out. There is no HTML in it: tags are text like any other. Everything is read in one pass, each line once, whatever a text holds.
 * Not CommonMark as a whole: no reference links, no nested quotes, lists nest by indentation alone.
 */

export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "strong"; readonly children: readonly Inline[] }
  | { readonly kind: "emphasis"; readonly children: readonly Inline[] }
  | { readonly kind: "link"; readonly address: string; readonly children: readonly Inline[] };

export interface ListItem {
  readonly depth: number;
  /** `null`: no task. */
  readonly isDone: boolean | null;
  readonly text: readonly Inline[];
}

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: readonly Inline[] }
  | { readonly kind: "paragraph" | "quote"; readonly text: readonly Inline[] }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly items: readonly ListItem[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [string, string])[] }
  | { readonly kind: "rule" }
  | {
      readonly kind: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    };

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;
const TABLE_LINE = /^\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?\s*)?$/;

/** Reads line by line; where it is, is the one thing that moves. */
class Lines {
  readonly all: readonly string[];
  at = 0;

  constructor(text: string) {
    this.all = text.split(/\r\n|\r|\n/);
  }

  get now(): string | undefined {
    return this.all[this.at];
  }

  get next(): string | undefined {
    return this.all[this.at + 1];
  }

  /** Lines from here on as long as a rule holds. */
  takeWhile(holds: (line: string) => boolean): string[] {
    const taken: string[] = [];
    for (let line = this.now; line !== undefined && holds(line); line = this.now) {
      taken.push(line);
      this.at += 1;
    }
    return taken;
  }
}

export function readMarkdown(text: string): readonly Block[] {
  const lines = new Lines(text);
  const blocks: Block[] = [];
  const front = readFrontMatter(lines);
  if (front !== null) blocks.push(front);
  while (lines.now !== undefined) {
    if (lines.now.trim() === "") lines.at += 1;
    else blocks.push(readBlock(lines, lines.now));
  }
  return blocks;
}

/** `---`, `key: value` lines, `---`, at the very beginning. Nested values are shown as they are written. */
function readFrontMatter(lines: Lines): Block | null {
  if (lines.now?.trim() !== "---") return null;
  const end = lines.all.findIndex((line, index) => index > 0 && line.trim() === "---");
  if (end === -1) return null;
  const rows: [string, string][] = [];
  for (const line of lines.all.slice(1, end)) {
    const found = /^([\w.-]+):\s?(.*)$/.exec(line);
    const last = rows.at(-1);
    if (found !== null) rows.push([found[1] ?? "", found[2] ?? ""]);
    else if (last !== undefined) last[1] = `${last[1]}\n${line}`.trim();
  }
  lines.at = end + 1;
  return { kind: "facts", rows };
}

function readBlock(lines: Lines, line: string): Block {
  const fence = FENCE.exec(line)?.[1];
  if (fence !== undefined) return readCode(lines, fence);
  const heading = HEADING.exec(line);
  if (heading !== null) {
    lines.at += 1;
    return { kind: "heading", level: heading[1]?.length ?? 1, text: readInline(heading[2] ?? "") };
  }
  if (RULE.test(line)) {
    lines.at += 1;
    return { kind: "rule" };
  }
  if (line.includes("|") && TABLE_LINE.test(lines.next ?? "")) return readTable(lines, line);
  if (ITEM.test(line)) return readList(lines);
  if (/^ {0,3}>/.test(line)) return readQuote(lines);
  return readParagraph(lines);
}

function readCode(lines: Lines, fence: string): Block {
  lines.at += 1;
  const taken = lines.takeWhile((line) => !(line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim())));
  lines.at += 1;
  return { kind: "code", text: taken.join("\n") };
}

function readQuote(lines: Lines): Block {
  const taken = lines.takeWhile((line) => /^ {0,3}>/.test(line));
  return { kind: "quote", text: readInline(taken.map((line) => line.replace(/^ {0,3}> ?/, "")).join(" ")) };
}

function readParagraph(lines: Lines): Block {
  const first = lines.now ?? "";
  lines.at += 1;
  return {
    kind: "paragraph",
    text: readInline([first, ...lines.takeWhile(isPlain)].map((line) => line.trim()).join(" ")),
  };
}

const isPlain = (line: string): boolean =>
  line.trim() !== "" && ![FENCE, HEADING, RULE, ITEM, /^ {0,3}>/].some((start) => start.test(line));

function readList(lines: Lines): Block {
  const isOrdered = ITEM.exec(lines.now ?? "")?.[2] !== undefined;
  const items: { indent: number; isDone: boolean | null; text: string }[] = [];
  for (let line = lines.now; line !== undefined; line = lines.now) {
    const found = ITEM.exec(line);
    const last = items.at(-1);
    if (found !== null)
      items.push({ indent: (found[1] ?? "").length, isDone: taskState(found[3]), text: found[4] ?? "" });
    else if (last !== undefined && /^\s+\S/.test(line)) last.text += ` ${line.trim()}`;
    else break;
    lines.at += 1;
  }
  const indents = [...new Set(items.map(({ indent }) => indent))].sort((a, b) => a - b);
  return {
    kind: "list",
    isOrdered,
    items: items.map(({ indent, isDone, text }) => ({
      depth: indents.indexOf(indent),
      isDone,
      text: readInline(text),
    })),
  };
}

const taskState = (mark: string | undefined): boolean | null => (mark === undefined ? null : mark !== " ");

function readTable(lines: Lines, first: string): Block {
  const head = cellsOf(first);
  lines.at += 2;
  const rows = lines.takeWhile((line) => line.includes("|") && line.trim() !== "").map(cellsOf);
  return { kind: "table", head, rows: rows.map((row) => head.map((_, index) => row[index] ?? [])) };
}

function cellsOf(line: string): Inline[][] {
  const bare = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => [...readInline(cell.trim().replaceAll("\\|", "|"))]);
}

/** Longest first at each place; every alternative ends within its line, so that nothing is read twice. */
const INLINE =
  /`([^`]{1,2000})`|\[([^[\]]{1,500})\]\(([^()\s]{1,2000})\)|<(https?:\/\/[^\s<>]{1,2000})>|\*\*([^*]{1,2000})\*\*|(?<!\w)_([^_]{1,2000})_(?!\w)|\*([^*\s][^*]{0,2000})\*|\\([!-/:-@[-`{-~])/g;

/** Emphasis, code and links in a line. What does not close is text. */
export function readInline(text: string, depth = 0): readonly Inline[] {
  if (depth > 3) return [{ kind: "text", text }];
  const parts: Inline[] = [];
  let from = 0;
  const plain = (to: number): void => {
    if (to > from) parts.push({ kind: "text", text: text.slice(from, to) });
  };
  for (const found of text.matchAll(INLINE)) {
    plain(found.index);
    parts.push(toInline(found, depth + 1));
    from = found.index + found[0].length;
  }
  plain(text.length);
  return parts;
}

function toInline(
  [all, code, label, address, bare, strong, low, star, escaped]: RegExpMatchArray,
  depth: number,
): Inline {
  if (code !== undefined) return { kind: "code", text: code };
  if (label !== undefined && address !== undefined)
    return { kind: "link", address, children: readInline(label, depth) };
  if (bare !== undefined) return { kind: "link", address: bare, children: [{ kind: "text", text: bare }] };
  if (strong !== undefined) return { kind: "strong", children: readInline(strong, depth) };
  const soft = low ?? star;
  if (soft !== undefined) return { kind: "emphasis", children: readInline(soft, depth) };
  return { kind: "text", text: escaped ?? all };
}
