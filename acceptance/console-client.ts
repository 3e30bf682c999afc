/**
 * The console's API as a browser or a script asks it, over the wire.
 */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { join } from "node:path";
import { type Answered, ask, begin } from "./ask.ts";
import type { GateUnderTest } from "./gate-under-test.ts";

/** The operator's token, as it lies in the data folder. */
export async function operatorToken({ folder }: GateUnderTest): Promise<string> {
  const text = await readFile(join(folder, "data/operator.json"), "utf8");
  return (JSON.parse(text) as { token: string }).token;
}

/** Somebody who is signed in: the headers of a change from the page. */
export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
  readonly headers: OutgoingHttpHeaders;
}

export async function signIn(gate: GateUnderTest): Promise<SignedIn> {
  const body = JSON.stringify({ token: await operatorToken(gate) });
  const answer = await ask(gate.operatorOrigin, {
    method: "POST",
    path: "/api/console/session",
    headers: { "content-type": "application/json", origin: gate.operatorOrigin },
    body,
  });
  if (answer.status !== 200) throw new Error(`signing in: ${answer.status} ${answer.body}`);
  const cookie = cookieOf(answer);
  const { csrf } = json<{ csrf: string }>(answer);
  return { cookie, csrf, headers: { cookie, "x-sluicegate-csrf": csrf, origin: gate.operatorOrigin } };
}

export const cookieOf = ({ headers }: Answered): string => headers["set-cookie"]?.[0]?.split(";", 1)[0] ?? "";

export const json = <T>({ body }: Answered): T => JSON.parse(body.toString()) as T;

export async function read<T>(gate: GateUnderTest, path: string): Promise<T> {
  const answer = await ask(gate.operatorOrigin, { path: `/api/console/${path}` });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return json<T>(answer);
}

export function change(
  gate: GateUnderTest,
  path: string,
  headers: OutgoingHttpHeaders,
  body: unknown = {},
): Promise<Answered> {
  return ask(gate.operatorOrigin, {
    method: "POST",
    path: `/api/console/${path}`,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** An open event stream and what has come of it. */
export class EventReader {
  readonly incoming: IncomingMessage;
  readonly ended: Promise<void>;
  #text = "";
  #wake: () => void = () => {};

  constructor(incoming: IncomingMessage) {
    this.incoming = incoming;
    this.ended = new Promise((resolve) => {
      incoming.on("close", resolve);
    });
    incoming.on("error", () => {});
    incoming.on("data", (bytes: Buffer) => {
      this.#text += bytes.toString();
      this.#wake();
    });
  }

  static async open(gate: GateUnderTest, headers: OutgoingHttpHeaders = {}): Promise<EventReader> {
    return new EventReader(await begin(gate.operatorOrigin, { path: "/api/console/events", headers }));
  }

  /** The data of the first event `front` for which it is so. */
  async untilFront<T>(isSo: (front: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.#fronts<T>().find(isSo);
      if (found !== undefined) return found;
      if (this.incoming.destroyed) throw new Error("the stream has ended");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #fronts<T>(): T[] {
    return [...this.#text.matchAll(/^event: front\ndata: (.*)\n\n/gm)].map(
      ([, text = ""]) => JSON.parse(text) as T,
    );
  }
}
