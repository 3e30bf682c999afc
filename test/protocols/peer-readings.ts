/**
 * How other parsers read a multipart body, and in what ours may differ from them.
 *
 * Only a body that both accept and read differently is of interest: a gate and a service that see two different things. That ours refuses
 * what others accept is the point of it; that it accepts what others refuse is looked at in the fixtures.
 */
import { isUtf8 } from "node:buffer";
import { readEncodedWord } from "../../src/protocols/extended-value.ts";
import { readMediaTypeName } from "../../src/protocols/media-type.ts";
import type { Mutant } from "./multipart-mutations.ts";
import type { ReadPart } from "./multipart-reading.ts";

/** A part as any parser tells it. `content` of a text field is the UTF-8 of the text that the parser made of the bytes. */
export interface PeerPart {
  readonly name: string;
  readonly fileName: string | null;
  readonly contentType: string | null;
  readonly content: Buffer;
}

/** Reads a body; `null` where it refuses. */
export type PeerReader = (mutant: Mutant) => Promise<readonly PeerPart[] | null>;

/** Ours and theirs of one part, or of the parts in which they differ. */
export interface Difference {
  readonly what: "parts" | "name" | "fileName" | "contentType" | "content";
  readonly ours: string;
  readonly theirs: string;
}

/** A way in which we read otherwise, on purpose. */
interface DecidedDifference {
  readonly why: string;
  covers(difference: Difference): boolean;
}

const unpercent = (text: string): string =>
  text.replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"');
const unescapeQuoted = (text: string): string => text.replace(/\\(["\\ ])/g, "$1");
const isName = ({ what }: Difference): boolean => what === "name" || what === "fileName";

/** Every way in which our reading of an accepted body may differ from a peer's. */
export const DECIDED_DIFFERENCES: readonly DecidedDifference[] = [
  {
    why: "undici decodes %22, %0D and %0A in names. A name that really has a percent sign looks the same, so we leave it.",
    covers: (difference) => isName(difference) && unpercent(difference.ours) === difference.theirs,
  },
  {
    why: "undici leaves backslashes as they are; to us two are one, as Go, Ruby and httpx mean them, and one before a space in a name is none.",
    covers: (difference) => {
      const [ours, theirs] = [unpercent(difference.ours), unpercent(difference.theirs)];
      // The second: undici makes \" of \%22, which only looks like an escaped quote.
      return (
        isName(difference) &&
        (ours === unescapeQuoted(theirs) || unescapeQuoted(ours) === unescapeQuoted(theirs))
      );
    },
  },
  {
    why: "python-multipart takes the last piece of a name that looks like a Windows path. We leave the name, and the gate refuses it.",
    covers: ({ what, ours, theirs }) =>
      what === "fileName" && /^(?:.:)?\\/.test(ours) && ours.endsWith(`\\${theirs}`),
  },
  {
    why: "python-multipart takes the RFC 2047 word that .NET puts into filename; we take the name that the word and filename* both stand for.",
    covers: ({ what, ours, theirs }) => what === "fileName" && readEncodedWord(theirs) === ours,
  },
];

/** The reader that Node's own `fetch` uses, in this process. */
export const readWithUndici: PeerReader = async ({ contentType, body }) => {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
  } catch {
    return null;
  }
  return Promise.all([...form].map(([name, value]) => partOf(name, value)));
};

async function partOf(name: string, value: string | File): Promise<PeerPart> {
  if (typeof value === "string") {
    return { name, fileName: null, contentType: null, content: Buffer.from(value) };
  }
  // A File has no type where the part had none: undici then says text/plain.
  return {
    name,
    fileName: value.name,
    contentType: value.type,
    content: Buffer.from(await value.arrayBuffer()),
  };
}

/** The first difference that was not decided on, or `null`. */
export function findDifference(ours: readonly ReadPart[], theirs: readonly PeerPart[]): Difference | null {
  for (const difference of differences(ours, theirs)) {
    if (!DECIDED_DIFFERENCES.some((decided) => decided.covers(difference))) return difference;
  }
  return null;
}

function* differences(ours: readonly ReadPart[], theirs: readonly PeerPart[]): Generator<Difference> {
  if (ours.length !== theirs.length) {
    yield { what: "parts", ours: `${ours.length} parts`, theirs: `${theirs.length} parts` };
    return;
  }
  for (const [index, our] of ours.entries()) {
    const their = theirs[index];
    if (their !== undefined) yield* partDifferences(our, their);
  }
}

function* partDifferences(our: ReadPart, their: PeerPart): Generator<Difference> {
  const rows: [Difference["what"], string, string][] = [
    ["name", our.name, their.name],
    ["fileName", String(our.fileName), String(their.fileName)],
  ];
  // Peers decode a text field, each in its own way where it is not UTF-8. We hand out its bytes, and the gate refuses those.
  if (our.fileName !== null || isUtf8(our.content)) {
    rows.push(["content", our.content.toString("latin1"), their.content.toString("latin1")]);
  }
  if (our.fileName !== null && our.contentType !== null) {
    rows.push(["contentType", our.contentType, typeNameOf(their.contentType)]);
  }
  for (const [what, ourText, theirText] of rows) {
    if (ourText !== theirText) yield { what, ours: ourText, theirs: theirText };
  }
}

function typeNameOf(contentType: string | null): string {
  try {
    return readMediaTypeName(contentType?.trim() ?? "");
  } catch {
    return String(contentType);
  }
}
