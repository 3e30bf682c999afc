/**
 * Removes what a load has stored, by the ids that answers told, as `verify.cleanup` of the flow says; and tells what is left.
 */
import type { TlsTrust } from "../../checks/open-connection.ts";
import { CleanUp } from "../../checks/sight/clean-up.ts";
import { KeptSecrets } from "../../checks/sight/kept-secrets.ts";
import { filledPath } from "../../checks/sight/read-stored.ts";
import { SightClient } from "../../checks/sight/sight-client.ts";
import type { Flow } from "../../flows/flow.ts";

export interface StoredAt {
  readonly origin: string;
  readonly ids: readonly string[];
  /** Uploads that may be stored, and no answer told by what to find them. */
  readonly unnamed: number;
}

export interface CleanUpInput {
  readonly flow: Flow;
  readonly runId: string;
  readonly headers: readonly string[];
  readonly credential: () => Promise<readonly string[]>;
  readonly tls: TlsTrust;
  readonly secrets: readonly string[];
}

/** So many are removed at the same time. */
const AT_ONCE = 4;

/** @returns sentences about what is left at an origin; none where nothing is */
export async function cleanUpLoad(stored: StoredAt, input: CleanUpInput): Promise<readonly string[]> {
  if (stored.ids.length + stored.unnamed === 0) return [];
  const client = new SightClient({
    origin: stored.origin,
    headers: input.headers,
    credential: input.credential,
    readBytesMax: 1024 * 1024,
    tls: input.tls,
  });
  try {
    const left = await Promise.all(cleanUps(stored, input, client).map((each) => each.run()));
    const ids = left.flatMap((each) => each.ids);
    return leftSentences(
      stored.origin,
      ids,
      left.reduce((sum, each) => sum + each.unnamed, 0),
    );
  } finally {
    await client.close();
  }
}

function cleanUps({ origin, ids, unnamed }: StoredAt, input: CleanUpInput, client: SightClient): CleanUp[] {
  const { flow, runId } = input;
  const secrets = new KeptSecrets();
  for (const secret of input.secrets) secrets.add(secret);
  const variables = {
    SLUICEGATE_CHECK_RUN: runId,
    SLUICEGATE_CHECK_ORIGIN: origin,
    SLUICEGATE_CHECK_FLOW: flow.name,
  };
  const cleanup = flow.verify?.cleanup ?? null;
  const ways = {
    client,
    cleanup,
    place: { folder: flow.folder, variables, secrets },
    filled: (template: string): string => filledPath(template, { path: flow.verify?.path ?? new Map() }),
  };
  const isEach = JSON.stringify(cleanup ?? "").match(/\{id\}|SLUICEGATE_CHECK_UPLOAD/) !== null;
  const made = Array.from({ length: isEach ? AT_ONCE : 1 }, () => new CleanUp(ways));
  for (const [place, id] of ids.entries()) made[place % made.length]?.stored(id);
  for (let count = 0; count < unnamed; count += 1) made[0]?.stored(null);
  return made;
}

function leftSentences(origin: string, ids: readonly string[], unnamed: number): string[] {
  const [first] = ids;
  return [
    ...(first === undefined ? [] : [`${uploads(ids.length)} at ${origin}, such as upload ${first}`]),
    ...(unnamed === 0
      ? []
      : [
          `${uploads(unnamed)} at ${origin} that may be stored there, and no answer told by what to find them`,
        ]),
  ];
}

const uploads = (count: number): string => (count === 1 ? "1 upload" : `${count} uploads`);
