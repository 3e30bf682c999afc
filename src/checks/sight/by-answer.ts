/**
 * From the answer to an accepted upload to what was stored: by the places that the flow names; where it names none, by those that answers commonly
 * tell, once one of them has led to the very bytes that were sent.
 */
import type { VerifyReadBack } from "../../flows/flow.ts";
import { headerOf } from "../answer-reader.ts";
import type { Target, UploadContent } from "../check.ts";
import { answerOf, jsonOf, pathOf, pointedAt, readPlace } from "../define-scenario.ts";
import type { AnswerPlace } from "../promise.ts";
import type { Exchange } from "../send-probe.ts";
import { readFileAt, readStateOf, type StoredReading } from "./read-stored.ts";
import type { SightClient } from "./sight-client.ts";
import { sha256Of } from "./whose-entry.ts";

/** Where answers commonly tell an id, and an address of what was stored. */
const ID_PLACES: readonly AnswerPlace[] = [
  { header: "Location" },
  ...["/id", "/uuid", "/file_id", "/fileId", "/upload_id", "/uploadId", "/file/id", "/data/id", "/0/id"].map(
    (pointer) => ({
      pointer,
    }),
  ),
];
const ADDRESS_POINTERS = [
  "/url",
  "/href",
  "/download_url",
  "/downloadUrl",
  "/location",
  "/file",
  "/file/url",
  "/data/url",
  "/links/self",
  "/0/url",
];
/** Where the bytes commonly are, below the address of what describes them. */
const BELOW = ["/file", "/content", "/download"];
/** So many accepted uploads are tried to be found; then nobody asks for more. */
const LEARNING_TRIES = 2;

const UNKNOWN: StoredReading = { kind: "unknown" };

/** The id in an answer: where the flow says, else where one commonly is. */
export function idIn(readBack: VerifyReadBack | null, exchange: Exchange): string | null {
  const places = readBack?.id ? [readBack.id] : ID_PLACES;
  return places.map((place) => readPlace(exchange, place)).find((id) => id !== null && id !== "") ?? null;
}

/** Reads by the places that the flow names: the bytes where there is a URL, else the state. */
export class NamedWay {
  readonly #client: SightClient;
  readonly #readBack: VerifyReadBack;
  readonly #filled: (template: string) => string;
  #urlHasWorked = false;

  /** @param filled fills the names of the route's path into a path */
  constructor(client: SightClient, readBack: VerifyReadBack, filled: (template: string) => string) {
    this.#client = client;
    this.#readBack = readBack;
    this.#filled = filled;
  }

  async read(id: string | null): Promise<StoredReading> {
    if (id === null) return UNKNOWN;
    const { url, state } = this.#readBack;
    const byUrl =
      url === null ? UNKNOWN : doubted(await readFileAt(this.#client, pathOf(this.#filled(url), id)), id);
    if (byUrl.kind === "file") this.#urlHasWorked = true;
    // A record of bytes that nobody can fetch any more is no upload that is there.
    if (byUrl.kind === "file" || state === null || (byUrl.kind === "absent" && this.#urlHasWorked))
      return byUrl;
    const byState = await readStateOf(this.#client, state, this.#filled(state.path), id);
    return byState.kind === "unknown" ? byUrl : byState;
  }
}

/** That nothing is at an address is believed where the address has one reading: `a%0a.png` may be a name, or a name already written as an address. */
function doubted(reading: StoredReading, told: string): StoredReading {
  return reading.kind === "absent" && !/^[\w.~:/?#=&+-]*$/.test(told) ? UNKNOWN : reading;
}

/** An answer's address of what was stored, as one finds it in each answer. */
interface Way {
  readonly name: string;
  readonly addressIn: (exchange: Exchange) => string | null;
}

/** Finds out by itself where an answer leads to. */
export class LearntWay {
  readonly #client: SightClient;
  readonly #ways: readonly Way[];
  #learnt: Way | null = null;
  #tries = 0;

  constructor(client: SightClient, target: Target) {
    this.#client = client;
    this.#ways = waysOf(target);
  }

  /** In a phrase, such as `the address in the header Location`; `null` until one has led to what was sent. */
  get name(): string | null {
    return this.#learnt?.name ?? null;
  }

  async read(exchange: Exchange, content: UploadContent | undefined): Promise<StoredReading> {
    if (this.#learnt !== null) {
      const address = this.#learnt.addressIn(exchange);
      return address === null ? UNKNOWN : doubted(await readFileAt(this.#client, address), address);
    }
    const [sent] = content?.files ?? [];
    if (this.#tries >= LEARNING_TRIES || sent === undefined) return UNKNOWN;
    this.#tries += 1;
    return this.#learn(exchange, sha256Of(sent.bytes));
  }

  async #leadsTo(address: string, sha256: string): Promise<boolean> {
    const answer = await this.#client.get(address);
    return answer?.status === 200 && answer.isWhole && answer.sha256 === sha256;
  }

  /** The very bytes that were sent: that is no accident. */
  async #learn(exchange: Exchange, sha256: string): Promise<StoredReading> {
    const tried = new Set<string>();
    for (const way of this.#ways) {
      const address = way.addressIn(exchange);
      if (address === null || tried.has(address)) continue;
      tried.add(address);
      if (!(await this.#leadsTo(address, sha256))) continue;
      this.#learnt = way;
      return readFileAt(this.#client, address);
    }
    return UNKNOWN;
  }
}

function waysOf({ path }: Target): readonly Way[] {
  const route = path.replace(/\/\{name\}$/, "").replace(/\/$/, "");
  const byPointer = (pointer: string): Way => ({
    name: `the address at ${pointer} of the answer`,
    addressIn: (exchange) => addressOf(pointedAt(jsonOf(exchange), pointer)),
  });
  const byId = (id: string | null): string | null =>
    id === null ? null : `${route}/${encodeURIComponent(id)}`;
  const told: readonly Way[] = [
    {
      name: "the address in the header Location",
      addressIn: (exchange) => headerOf(answerOf(exchange) ?? { headers: [] }, "location"),
    },
    { name: `${route}/ID with the id of the answer`, addressIn: (exchange) => byId(idIn(null, exchange)) },
  ];
  return [...told, ...ADDRESS_POINTERS.map(byPointer), ...told.flatMap(waysBelow)];
}

function waysBelow({ name, addressIn }: Way): readonly Way[] {
  return BELOW.map((below) => ({
    name: `${name} with ${below} behind it`,
    addressIn: (exchange) => {
      const [path = ""] = addressIn(exchange)?.split(/[?#]/) ?? [];
      return path === "" ? null : path.replace(/\/$/, "") + below;
    },
  }));
}

const addressOf = (value: unknown): string | null =>
  typeof value === "string" && /^(https?:\/)?\//.test(value) ? value : null;
