/**
 * HTML by templates that escape by default: what is put into one is text, unless it is markup that another template made.
 *
 * Always holds: a text that is put in becomes one printable, bounded line (`shownLine`) and can end neither an element nor an attribute.
 */
import { shownLine } from "../shown-text.ts";

/** HTML that needs no escaping any more. Made by the functions of this file alone. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Markup one after the other, with nothing between. */
export function inline(parts: readonly Markup[]): Markup {
  return new Markup(parts.map((part) => part.text).join(""));
}

type Part = Markup | string | number | null | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Markup from a template. `null` is nothing; attributes must be in quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const text = strings.map((string, index) => string + textOfPart(parts[index] ?? null)).join("");
  return new Markup(text);
}

/** Printable text of several lines as it is, such as a command; unprintable characters but line ends are written as `\uXXXX`. */
export function shownText(text: string): Markup {
  return new Markup(
    text
      .split("\n")
      .map((line) => escapeHtml(shownLine(line, 100_000)))
      .join("\n"),
  );
}

/** A text of this program that is markup already, or stands where nothing is escaped: never one of a run. */
export function constant(text: string): Markup {
  return new Markup(text);
}

/** Markup one after the other, each on a line. */
export function joined(parts: readonly Markup[]): Markup {
  return new Markup(parts.map((part) => part.text).join("\n"));
}

function textOfPart(part: Part): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escapeHtml(shownLine(part));
  return part.map((each) => each.text).join("\n");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
