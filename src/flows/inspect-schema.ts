/**
 * The schema of `inspect`: what is promised about the inside of files; what it becomes and what it says.
 *
 * Always: the gate does none of it yet beyond verifying types. So a promise may stand only in mode off, where it is the service's own and
 * `sluicegate check` looks whether it is kept; in the other modes it would be the gate's, and the file does not load.
 */
import type { z } from "zod";
import type { SetupProblem } from "../problems/setup-problem.ts";
import { quantityIn, sizeIn } from "../setup/ranges.ts";
import { group, notBuilt, notBuiltSentence, wholeNumber, word, yesNo } from "../setup/schema.ts";
import { problemAt } from "../setup/schema-problems.ts";
import { formatSize, PIXELS_PATTERN, readPixels } from "../setup/size.ts";
import { groupIn, isGroup, type WrittenGroup } from "../setup/written-group.ts";
import type { YamlSource } from "../setup/yaml-source.ts";
import type { FlowInspect, FlowMode } from "./flow.ts";

const IMAGES = "remove it; images are verified by structure, not decoded.";
const ARCHIVES = "remove it; archives are walked, not unpacked.";
const DOCUMENTS = "remove it; documents are verified by structure.";

const images = group(
  {
    "max-pixels": quantityIn(
      {
        description: "The most pixels, width times height, of one picture.",
        min: 1,
        max: 1e12,
        example: "40 MP",
      },
      readPixels,
      (pixels) => `${pixels} px`,
      { noun: "a number of pixels", pattern: PIXELS_PATTERN },
    ).optional(),
    "max-frames": wholeNumber(1, 1_000_000, "The most frames of an animation.").optional(),
    "re-encode": yesNo("Whether pictures are written anew; false where left out.").optional(),
    "keep-metadata": word("What stays of the metadata: place, device, comments; all where left out.", {
      built: { none: "It is taken out.", all: "It stays as it came." },
    }).optional(),
  },
  "remove it, or write { max-pixels: 40 MP }.",
  "What is promised of pictures.",
);

const archives = group(
  {
    "max-unpacked": sizeIn({
      description: "The most bytes of everything inside, unpacked.",
      min: 1,
      max: 2 ** 50,
      example: "100 MiB",
    }).optional(),
    "max-entries": wholeNumber(1, 100_000_000, "The most entries.").optional(),
    "max-depth": wholeNumber(
      1,
      1000,
      "How many archives may be inside of each other; 1: none inside.",
    ).optional(),
  },
  "remove it, or write { max-unpacked: 100 MiB, max-entries: 1000 }.",
  "What is promised of archives, and of documents that are archives: docx, xlsx, pptx.",
);

const documents = group(
  {
    "active-content": word("Macros, scripts, actions that start by themselves.", {
      built: { refuse: "A document with such content is refused.", allow: "It passes." },
    }),
  },
  "remove it, or write { active-content: refuse }.",
  "What is promised of documents.",
);

/** `inspect`, key by key. */
export const inspectSchema = group(
  {
    malware: word("The malware scan.", {
      built: { off: "No file is scanned.", required: "Malware is refused. Only with mode: off." },
    }).optional(),
    images: images.optional(),
    isolation: notBuilt("remove it; types are verified in the gate's own process by bounded readers."),
    archives: archives.optional(),
    documents: documents.optional(),
  },
  "write { malware: off }, or remove it.",
  "Inspection beyond verifying the type. All but malware: off may stand only with mode: off, as a promise of the service itself.",
);

/** From what is written to what is promised. */
export function buildInspect(written: z.output<typeof inspectSchema> | undefined): FlowInspect {
  const { images: pictures, archives: packed, documents: papers } = written ?? {};
  return {
    malware: written?.malware === "required",
    images:
      pictures === undefined
        ? null
        : {
            pixelsMax: pictures["max-pixels"] ?? null,
            framesMax: pictures["max-frames"] ?? null,
            reEncode: pictures["re-encode"] ?? false,
            keepMetadata: pictures["keep-metadata"] !== "none",
          },
    archives:
      packed === undefined
        ? null
        : {
            unpackedBytesMax: packed["max-unpacked"] ?? null,
            entriesMax: packed["max-entries"] ?? null,
            depthMax: packed["max-depth"] ?? null,
          },
    documents: papers === undefined ? null : { activeContent: papers["active-content"] },
  };
}

const OTHERWISE =
  "With mode: off it may stand, as a promise of the service itself, which sluicegate check looks into.";

/** What a flow promises that the gate could not keep in this mode, and what promises nothing. */
export function findInspectContradictions(
  source: YamlSource,
  flow: WrittenGroup,
  mode: FlowMode | null,
): SetupProblem[] {
  const inspect = groupIn(flow.inspect);
  const empty = ["images", "archives"]
    .filter((key) => isGroup(inspect[key]) && Object.keys(inspect[key]).length === 0)
    .map((key) => problemAt(source, ["inspect", key], "this promises nothing; remove it."));
  if (mode !== "observe" && mode !== "enforce") return empty;
  const refused = (path: readonly string[], what: string, remedy: string): SetupProblem =>
    problemAt(source, ["inspect", ...path], `${notBuiltSentence(what, remedy)} ${OTHERWISE}`);
  const keysOf = (key: string, known: readonly string[], remedy: string): SetupProblem[] =>
    Object.keys(groupIn(inspect[key]))
      .filter((name) => known.includes(name))
      .map((name) => refused([key, name], "this", remedy));
  return [
    ...empty,
    ...(inspect.malware === "required"
      ? [refused(["malware"], '"required"', "write malware: off, which says that no file is scanned.")]
      : []),
    ...keysOf("images", Object.keys(images.shape), IMAGES),
    ...keysOf("archives", Object.keys(archives.shape), ARCHIVES),
    ...keysOf("documents", Object.keys(documents.shape), DOCUMENTS),
  ];
}

/** What is promised, in sentences. */
export function inspectSentences({
  malware,
  images: pictures,
  archives: packed,
  documents: papers,
}: FlowInspect): string[] {
  return [
    ...(malware ? ["Malware is refused."] : []),
    ...(pictures === null ? [] : imageSentences(pictures)),
    ...(packed === null ? [] : archiveSentences(packed)),
    ...(papers === null
      ? []
      : [
          papers.activeContent === "refuse"
            ? "A document with macros, scripts or actions is refused."
            : "A document may have macros, scripts and actions.",
        ]),
  ];
}

function imageSentences({
  pixelsMax,
  framesMax,
  reEncode,
  keepMetadata,
}: NonNullable<FlowInspect["images"]>) {
  return [
    ...(pixelsMax === null ? [] : [`A picture has at most ${pixelsMax.toLocaleString("en")} pixels.`]),
    ...(framesMax === null ? [] : [`An animation has at most ${framesMax} frames.`]),
    ...(reEncode ? ["Pictures are written anew."] : []),
    ...(keepMetadata ? [] : ["Metadata of pictures is taken out."]),
  ];
}

function archiveSentences({ unpackedBytesMax, entriesMax, depthMax }: NonNullable<FlowInspect["archives"]>) {
  return [
    ...(unpackedBytesMax === null
      ? []
      : [`An archive has at most ${formatSize(unpackedBytesMax)} unpacked.`]),
    ...(entriesMax === null ? [] : [`An archive has at most ${entriesMax} entries.`]),
    ...(depthMax === null ? [] : [`Archives are inside of each other at most ${depthMax} deep.`]),
  ];
}
