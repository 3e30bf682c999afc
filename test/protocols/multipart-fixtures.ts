/**
 * Reads `fixtures/multipart/` and `fixtures/clients/`; the format is in the README of each.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MultipartLimits } from "../../src/protocols/multipart/multipart-parser.ts";
import { type Reading, TEST_LIMITS } from "./multipart-reading.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures");

/** One body with what must be read from it. */
export interface Fixture {
  readonly name: string;
  readonly about: string;
  readonly lessons: readonly string[];
  readonly contentType: string;
  readonly limits: MultipartLimits;
  readonly body: Buffer;
  readonly expected: Reading;
}

type Pieces = readonly (string | { readonly repeat: string; readonly times: number })[];

interface MultipartFile {
  readonly about: string;
  readonly lessons: readonly string[];
  readonly contentType: string;
  readonly limits?: Partial<MultipartLimits>;
  readonly body: Pieces;
  readonly expect:
    | { readonly parts: readonly PartIn<Pieces>[] }
    | { readonly code: string; readonly byteOffset: number };
}

interface ClientFile {
  readonly client: string;
  readonly contentType: string;
  readonly body: string;
  readonly expect: { readonly parts: readonly PartIn<string>[] } | { readonly code: string };
}

interface PartIn<Content> {
  readonly name: string;
  readonly fileName: string | null;
  readonly contentType: string | null;
  readonly byteOffset?: number;
  readonly content: Content;
}

/** All cases of `fixtures/multipart/`. */
export function readMultipartFixtures(): Fixture[] {
  return jsonFiles<MultipartFile>("multipart").map(({ name, file }) => ({
    name,
    about: file.about,
    lessons: file.lessons,
    contentType: file.contentType,
    limits: { ...TEST_LIMITS, ...file.limits },
    body: bytesOf(file.body),
    expected: "code" in file.expect ? file.expect : { parts: file.expect.parts.map(partOf(bytesOf)) },
  }));
}

/** All bodies of `fixtures/clients/`; `byteOffset` is 0 throughout, since what was sent does not say it. */
export function readClientFixtures(): Fixture[] {
  return jsonFiles<ClientFile>("clients")
    .filter(({ file }) => "client" in file)
    .map(({ name, file }) => ({
      name,
      about: "",
      lessons: [],
      contentType: file.contentType,
      limits: TEST_LIMITS,
      body: readFileSync(join(FIXTURES, "clients", file.body)),
      expected:
        "code" in file.expect
          ? { code: file.expect.code, byteOffset: 0 }
          : { parts: file.expect.parts.map(partOf((base64) => Buffer.from(base64, "base64"))) },
    }));
}

function jsonFiles<File>(folder: string): { name: string; file: File }[] {
  return readdirSync(join(FIXTURES, folder))
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({
      name: name.slice(0, -".json".length),
      file: JSON.parse(readFileSync(join(FIXTURES, folder, name), "utf8")) as File,
    }));
}

function bytesOf(pieces: Pieces): Buffer {
  const text = pieces.map((piece) => (typeof piece === "string" ? piece : piece.repeat.repeat(piece.times)));
  return Buffer.from(text.join(""), "latin1");
}

function partOf<Content>(readContent: (content: Content) => Buffer) {
  return ({ name, fileName, contentType, byteOffset = 0, content }: PartIn<Content>) => ({
    name,
    fileName,
    contentType,
    byteOffset,
    content: readContent(content),
  });
}
