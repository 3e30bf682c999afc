/**
 * A flow that nobody has written: from an address, a sample, and what the service says of itself.
 *
 * Always holds: each thing that was not told by somebody is said in a sentence, and what it is about counts as not promised.
 */
import type { FieldRule, FileRule, Flow, FlowVerify } from "../../flows/flow.ts";
import { UNWRITTEN_MEASURE, UNWRITTEN_WATCH } from "../../flows/measure/unwritten.ts";
import { nameFlow } from "../../flows/openapi/draft-flow.ts";
import type { DraftFile, UploadOperation } from "../../flows/openapi/upload-operations.ts";
import { formatSize } from "../../setup/size.ts";
import type { SampleFile } from "../check.ts";
import type { Topic } from "../promise.ts";
import type { OpenApiHints } from "./openapi-hints.ts";
import { typeByName } from "./sample-files.ts";
import type { UrlRequest, UrlTargetInput } from "./url-request.ts";

export interface InferredFlow {
  readonly flow: Flow;
  readonly assumptions: readonly string[];
  readonly unpromised: ReadonlySet<Topic>;
}

/** All that an inference begins with. */
export interface Known {
  readonly input: UrlTargetInput;
  readonly request: UrlRequest;
  readonly sample: SampleFile;
  readonly hints: OpenApiHints | null;
  /** What answers have taught since: they count before guesses. */
  readonly learnt: { readonly method?: string; readonly field?: string };
}

const SIZE_BYTES_MAX = 10 * 1024 * 1024;
/** Where nobody says how long a text may be. */
export const TEXT_CHARS_MAX = 1000;
const INSIDE: readonly Topic[] = ["malware", "archives", "images", "documents"];

export function inferFlow(known: Known): InferredFlow {
  const { input, request, hints } = known;
  const assumptions: string[] = [];
  const operation = hints?.operation ?? null;
  if (hints !== null && operation !== null)
    assumptions.push(`Fields, types and lengths are as ${hints.at} says, where it says them.`);
  const protocol = input.isRaw ? "raw" : (operation?.protocol ?? "multipart");
  const method = methodOf(known, protocol, assumptions);
  const field = fieldOf(known, protocol, assumptions);
  const file = operation?.files.find(({ name }) => name === field) ?? null;
  const { rule, unpromised } = fileRule(known, file, assumptions);
  const path = request.path.split("?")[0] ?? "/";
  const flow: Flow = {
    ...SILENT,
    name: nameFlow({ ...NO_OPERATION, path, method }, new Set()),
    summary: operation?.summary ?? `Upload to ${path}`,
    route: { method, path: request.path, protocols: [protocol] },
    files: new Map([[field, rule]]),
    fields: protocol === "raw" ? new Map<string, FieldRule>() : fieldRules(known, operation),
    verify: verifyOf(known, field),
    notes: { expect: input.status === null ? null : { status: input.status }, rollback: null },
  };
  const callers = callersTopic(known, assumptions);
  return {
    flow,
    assumptions,
    unpromised: new Set([...INSIDE, ...unpromised, ...callers, "fields", "refusals", "strictness"]),
  };
}

/** A flow that promises nothing beyond what it takes. */
const SILENT: Omit<Flow, "name" | "summary" | "route" | "files" | "fields" | "verify" | "notes"> = {
  folder: "",
  owner: "",
  noticed: null,
  mode: "off",
  permissions: { caller: "public", require: new Map(), askPath: null, origins: [], shares: [] },
  retry: { idempotencyKey: "off", keepMs: 0 },
  failure: {
    upstreamDown: "refuse",
    upstreamUnknown: "keep",
    upstreamError: "pass",
    retryForMs: 0,
    storageFull: "refuse",
  },
  deliver: "forward",
  upstream: "service",
  forwardCredentials: true,
  policyVersion: "",
  inspect: { malware: false, images: null, archives: null, documents: null },
  measure: UNWRITTEN_MEASURE,
  watch: UNWRITTEN_WATCH,
};

function verifyOf({ input, request }: Known, field: string): FlowVerify {
  return {
    samples: new Map([[field, input.sample]]),
    fields: input.texts,
    path: new Map(),
    headers: request.headers,
    credentials: null,
    readBack: { id: null, url: null, state: null, list: null, command: null },
    cleanup: null,
    hooks: new Map(),
    faults: new Map(),
    framework: null,
    behind: null,
    requestIdHeader: null,
    pageOrigin: null,
    manual: [],
  };
}

/** A service that says itself that it asks who sends has promised it. */
function callersTopic({ request, hints }: Known, assumptions: string[]): readonly Topic[] {
  if (hints?.operation != null && hints.operation.security !== null) return [];
  if (request.credential !== null)
    assumptions.push(
      `Nobody has said that only senders with the header ${request.credential.header} may upload: where others may, that is a warning.`,
    );
  return ["callers"];
}

const NO_OPERATION: UploadOperation = {
  method: "POST",
  path: "/",
  summary: null,
  protocol: "multipart",
  files: [],
  fields: [],
  status: null,
  security: null,
};

function methodOf({ request, hints, learnt }: Known, protocol: string, assumptions: string[]): string {
  const told = request.method ?? learnt.method ?? hints?.operation?.method;
  if (told !== undefined) return told;
  const method = protocol === "raw" ? "PUT" : "POST";
  assumptions.push(`Sent with ${method}: --method says otherwise.`);
  return method;
}

function fieldOf({ input, hints, learnt }: Known, protocol: string, assumptions: string[]): string {
  const files = hints?.operation?.files ?? [];
  const told = input.field ?? learnt.field ?? (files.find((each) => !each.isOptional) ?? files[0])?.name;
  if (told !== undefined) return told;
  if (protocol !== "raw")
    assumptions.push('The file is sent in the form field "file": --field says otherwise.');
  return "file";
}

function fileRule(
  { input, request, sample }: Known,
  file: DraftFile | null,
  assumptions: string[],
): { readonly rule: FileRule; readonly unpromised: readonly Topic[] } {
  const unpromised: Topic[] = [];
  const ownType = typeByName(sample.name)?.mediaType;
  let types = request.types ?? file?.types ?? null;
  if (types === null) {
    types = ownType === undefined ? "any" : [ownType];
    unpromised.push("types");
    assumptions.push(
      ownType === undefined
        ? `Takes files of any type, since nobody here knows that of ${sample.name}: --types says otherwise.`
        : `Takes ${ownType} only, since the sample is one: --types says otherwise.`,
    );
  }
  if (input.sizeBytesMax === null) {
    unpromised.push("size");
    assumptions.push(`Takes ${formatSize(SIZE_BYTES_MAX)} at most: --max-size says otherwise.`);
  }
  const countMax = file?.isList === true ? file.countMax : 1;
  // One file in a document says what is read, not that a second one is refused.
  if (file?.isList !== true || countMax === null) unpromised.push("count");
  if (file === null || countMax === null) {
    assumptions.push("Takes one file in each upload; nobody says so.");
  }
  const sizeBytesMax = input.sizeBytesMax ?? Math.max(SIZE_BYTES_MAX, sample.bytes.length);
  return { rule: { types, sizeBytesMax, countMax: countMax ?? 1, optional: false }, unpromised };
}

/** Those that the service says it must have, and those that somebody gave a text for. */
function fieldRules({ input }: Known, operation: UploadOperation | null): ReadonlyMap<string, FieldRule> {
  const drafted = (operation?.fields ?? []).filter(
    ({ name, isOptional }) => !isOptional || input.texts.has(name),
  );
  const rules = new Map<string, FieldRule>(
    drafted.map(({ name, lengthMax, lengthMin, isList, countMax, isOptional }) => [
      name,
      {
        lengthCharsMin: lengthMin,
        lengthCharsMax: lengthMax ?? TEXT_CHARS_MAX,
        countMax: isList ? (countMax ?? 1) : 1,
        optional: isOptional,
      },
    ]),
  );
  for (const [name, text] of input.texts)
    if (!rules.has(name))
      rules.set(name, {
        lengthCharsMin: 0,
        lengthCharsMax: Math.max(TEXT_CHARS_MAX, text.length),
        countMax: 1,
        optional: false,
      });
  return rules;
}
