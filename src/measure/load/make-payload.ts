/**
 * The bytes of one upload: a sample, salted so that nobody has seen it before, under a name of its own, as a form or as a raw body.
 *
 * Always holds: the same mark and number give the same bytes; a file is salted only where it stays within the field's size.
 */
import { createHash } from "node:crypto";
import { latin1, utf8 } from "../../checks/payloads/bytes.ts";
import { fieldPart, filePart } from "../../checks/payloads/form.ts";
import { digestOf } from "./digest-of.ts";
import type { LoadFile, LoadRoute, LoadSample } from "./load-route.ts";
import { SALT_CHARS, type SaltedFile, saltedFile } from "./salt-file.ts";

/** What is sent. The body's pieces are not joined: a large one is written as it lies there. */
export interface Payload {
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: readonly Uint8Array[];
  readonly bodyBytes: number;
  /** SHA-256 (hex) of the first file as sent. */
  readonly firstFileSha256: () => string;
}

/** Why a sample is not unique in its bytes, told once. */
export type Unsalted = "no room in its format" | "it would be larger than the field takes";

export class PayloadMaker {
  readonly #route: LoadRoute;
  readonly #salted = new Map<LoadFile, SaltedFile | null>();

  constructor(route: LoadRoute) {
    this.#route = route;
    for (const { files } of route.samples) for (const file of files) this.#salted.set(file, withinSize(file));
  }

  /** @param number unique among everything that this load sends, unless the same payload is wanted again */
  make(sample: LoadSample, number: string): Payload {
    const files = sample.files.map((file) => this.#fresh(file, number));
    const [first] = files;
    if (first === undefined) throw new Error("a sample has at least one file");
    const firstFileSha256 = (): string => digestOf(first.pieces);
    const made = this.#route.protocol === "raw" ? this.#raw(first) : this.#form(files, number);
    return { ...made, bodyBytes: sizeOf(made.body), firstFileSha256 };
  }

  #fresh(file: LoadFile, number: string): FreshFile {
    const salt = createHash("sha256").update(`${this.#route.mark}\n${number}\n${file.field}`).digest("hex");
    const pieces = this.#salted.get(file)?.pieces(salt.slice(0, SALT_CHARS)) ?? [file.bytes];
    const { field, mediaType } = file;
    return { field, mediaType, name: `${this.#route.mark}-${number}-${file.name}`, pieces };
  }

  #raw({ name, mediaType, pieces }: FreshFile): Omit<Payload, "bodyBytes" | "firstFileSha256"> {
    const path = this.#route.path.replace("{name}", encodeURIComponent(name));
    return { path, headers: [["Content-Type", mediaType]], body: pieces };
  }

  /** Fields first, then files, as browsers send a form whose file input comes last. */
  #form(files: readonly FreshFile[], number: string): Omit<Payload, "bodyBytes" | "firstFileSha256"> {
    const boundary = `sluicegate-${createHash("sha256").update(number).digest("hex").slice(0, 24)}`;
    const begin = latin1(`--${boundary}\r\n`);
    const [gap, end] = [latin1("\r\n\r\n"), latin1("\r\n")];
    const body: Uint8Array[] = [];
    for (const [name, value] of this.#route.fields)
      body.push(begin, fieldPart(name, "").head, gap, utf8(value), end);
    for (const file of files) body.push(begin, headOf(file), gap, ...file.pieces, end);
    body.push(latin1(`--${boundary}--\r\n`));
    return {
      path: this.#route.path,
      headers: [["Content-Type", `multipart/form-data; boundary=${boundary}`]],
      body,
    };
  }
}

/** Why a file's bytes stay as they are; `null` where they can be made unique. */
export function whyUnsalted(file: LoadFile): Unsalted | null {
  const salted = saltedFile(file.mediaType, file.bytes);
  if (salted === null) return "no room in its format";
  return withinSize(file) === null ? "it would be larger than the field takes" : null;
}

interface FreshFile {
  readonly field: string;
  readonly name: string;
  readonly mediaType: string;
  readonly pieces: readonly Uint8Array[];
}

/** Bits that are written as line ends take one byte or two. */
const MORE_BYTES_SLACK = 64;

function withinSize(file: LoadFile): SaltedFile | null {
  const salted = saltedFile(file.mediaType, file.bytes);
  const isWithin =
    salted !== null && file.bytes.length + salted.moreBytes + MORE_BYTES_SLACK <= file.sizeBytesMax;
  return isWithin ? salted : null;
}

const headOf = ({ field, name, mediaType }: FreshFile): Uint8Array =>
  filePart({ field, name, mediaType, bytes: new Uint8Array() }).head;

const sizeOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);
