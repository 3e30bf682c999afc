/**
 * Makes multipart bodies that are almost right, out of right ones: where two parsers come to differ.
 *
 * In: fixtures and a source of randomness. Out: a body with its Content-Type. The same seed gives the same bodies.
 * Mutations prefer the places where a parser decides: line ends, quotes, semicolons, colons, hyphens.
 */
import type { Fixture } from "./multipart-fixtures.ts";

/** One mutated request. */
export interface Mutant {
  readonly contentType: string;
  readonly boundary: string;
  readonly body: Buffer;
}

type Mutation = (body: string, boundary: string, random: () => number) => string;

/** What is put in. `@` stands for the boundary. */
const SNIPPETS = [
  ..."\r\n\"\\;:=- \t\0'*%",
  "\r\n",
  "\r\n\r\n",
  "--@",
  "\r\n--@",
  "\r\n--@--",
  "\r\n--@\r\n",
  "\n--@\r\n",
  "\r\n--@ \r\n",
  '\r\n--@\r\nContent-Disposition: form-data; name="g"\r\n\r\n',
  "; filename=x",
  '; filename="y"',
  "; filename*=utf-8''z",
  '; filename=""',
  '; name="g"',
  '; NAME="g"',
  "; name*=utf-8''g",
  "; filename*0=a",
  '\\"',
  "\\\\",
  "\\ ",
  "%22",
  "%0D%0A",
  "%00",
  "\u00c3\u00a9",
  "\u00ff",
  "=?utf-8?B?YQ==?=",
  "\r\nContent-Type: text/html",
  "\r\nContent-Type: multipart/mixed; boundary=@",
  '\r\nContent-Disposition: form-data; name="h"',
  "\r\nContent-Transfer-Encoding: base64",
  "\r\nContent-Length: 1",
  "\r\nX: y",
  "\r\n folded",
  "; charset=utf-16",
];

const DECISIVE = /[\r\n"\\;:=-]/g;

const MUTATIONS: readonly Mutation[] = [
  insertSnippet,
  insertSnippet,
  replaceByte,
  remove,
  repeat,
  swapLines,
  cut,
];

/** A fixture of those given, changed one to three times at random, mostly once. */
export function mutate(fixtures: readonly (Fixture & { boundary: string })[], random: () => number): Mutant {
  const { contentType, boundary, body } = pick(fixtures, random);
  let text = body.toString("latin1");
  for (let times = 1 + Math.floor(random() ** 2 * 3); times > 0; times--) {
    text = pick(MUTATIONS, random)(text, boundary, random);
  }
  return { contentType, boundary, body: Buffer.from(text, "latin1") };
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** An index: four times of five just before or after a decisive byte. */
function place(body: string, random: () => number): number {
  const anywhere = Math.floor(random() * (body.length + 1));
  if (random() < 0.2) return anywhere;
  DECISIVE.lastIndex = anywhere;
  const found = DECISIVE.exec(body)?.index;
  return found === undefined ? anywhere : found + (random() < 0.5 ? 0 : 1);
}

function insertSnippet(body: string, boundary: string, random: () => number): string {
  const at = place(body, random);
  return body.slice(0, at) + pick(SNIPPETS, random).replaceAll("@", boundary) + body.slice(at);
}

function replaceByte(body: string, _boundary: string, random: () => number): string {
  const at = place(body, random);
  return body.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + body.slice(at + 1);
}

function remove(body: string, _boundary: string, random: () => number): string {
  const at = place(body, random);
  return body.slice(0, at) + body.slice(at + 1 + Math.floor(random() * 4));
}

function repeat(body: string, _boundary: string, random: () => number): string {
  const from = place(body, random);
  const to = from + Math.floor(random() * 60);
  return body.slice(0, to) + body.slice(from);
}

function swapLines(body: string, _boundary: string, random: () => number): string {
  const lines = body.split("\r\n");
  const from = Math.floor(random() * lines.length);
  const moved = lines.splice(from, 1);
  lines.splice(Math.floor(random() * (lines.length + 1)), 0, ...moved);
  return lines.join("\r\n");
}

function cut(body: string, _boundary: string, random: () => number): string {
  return random() < 0.2 ? body.slice(0, place(body, random)) : body;
}
