/**
 * Files that name an address: whoever looks inside of them must not ask for it.
 *
 * Comes in: files made for an address. Goes out: two scenarios that say the same, one for a target on this machine, where the check listens itself on
 * loopback, and one for a target elsewhere, where the operator must give an address (`hooks.callback`).
 * Always holds: each file has a path of its own, so that a request tells which file led to it; the listener answers 404 and is closed again.
 * It does not see what is asked for later than `WAITED_MS` after the last answer: a job that reads files at night goes unnoticed.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SampleFile, Target } from "./check.ts";
import { takes } from "./content-case.ts";
import { scenario, statusOf } from "./define-scenario.ts";
import type { Callback } from "./hooks.ts";
import { isAccepted } from "./judge.ts";
import { controlProbe } from "./payloads/upload.ts";
import type { Play, Scenario, Stage } from "./scenario.ts";

/** One file that leads to an address. */
export interface LeadingFile {
  readonly what: string;
  /** It is sent where the route takes this type; what it is sent as says `fileAt`. */
  readonly mediaType: string;
  readonly fileAt: (url: string) => SampleFile;
}

const WAITED_MS = 1500;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** @param what in words: `an address in a drawing is asked for by nobody` */
export function leadsNowhere(what: string, files: readonly LeadingFile[]): readonly Scenario[] {
  const sent = (target: Target) => files.filter(({ mediaType }) => takes(mediaType)(target) === true);
  const hasFiles = (target: Target): true | string =>
    sent(target).length > 0 || "the route takes none of the types that could hold an address";
  const appliesTo = (isHere: boolean) => (target: Target) => {
    if (isOnLoopback(target) !== isHere)
      return isHere ? "the target is not on this machine" : "the target is on this machine";
    return hasFiles(target);
  };
  return [
    scenario(
      what,
      files.length,
      play(files, () => listenHere()),
      { appliesTo: appliesTo(true) },
    ),
    scenario(`${what} (seen by the operator)`, files.length, play(files, operatorsListener), {
      appliesTo: appliesTo(false),
      hooks: ["callback"],
    }),
  ];
}

function isOnLoopback({ origin }: Target): boolean {
  return LOOPBACK.has(new URL(origin).hostname);
}

async function operatorsListener({ hooks }: Stage): Promise<Callback> {
  if (hooks.callback === undefined) throw new Error("nobody has given an address");
  return hooks.callback();
}

function play(files: readonly LeadingFile[], listen: (stage: Stage) => Promise<Callback>): Play {
  return async (stage) => {
    const listener = await listen(stage);
    try {
      const paths = await sendAll(stage, files, listener.url);
      await new Promise((resolve) => setTimeout(resolve, WAITED_MS));
      for (const hit of await listener.hits()) {
        const [led = "one of the files"] = [...paths].find(([, path]) => hit.includes(path)) ?? [];
        stage.complain(`${led}: the address in the file was asked for: ${hit}`);
      }
    } finally {
      await listener.close();
    }
  };
}

/** @returns the path that each file leads to */
async function sendAll(
  stage: Stage,
  files: readonly LeadingFile[],
  url: string,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  for (const { what, mediaType, fileAt } of files) {
    const target = await stage.as("main");
    if (takes(mediaType)(target) !== true) continue;
    const path = stage.token();
    const exchange = await stage.send(what, controlProbe(target, fileAt(`${url}/${path}`)));
    paths.set(what, path);
    const status = statusOf(exchange);
    if (!isAccepted(target, exchange) && (status < 400 || status >= 500))
      stage.complain(
        `${what}: expected to be refused or accepted, got ${status === 0 ? "no answer" : status}`,
      );
  }
  return paths;
}

async function listenHere(): Promise<Callback> {
  const hits: string[] = [];
  const server = createServer((request, answer) => {
    hits.push(`${request.method} ${request.url}`);
    answer.writeHead(404, { Connection: "close" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/flowcheck`,
    hits: async () => hits,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
