/**
 * Real servers and the subjects of their routes, for the unit tests of this folder: the sample server, and small ones that do one thing.
 */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Target } from "../check.ts";
import { seededBytes } from "../payloads/seeded-bytes.ts";
import { AT_ONCE, FILE_BYTES_MAX, SampleServer } from "../sample-server.ts";
import type { ServerFault } from "../sample-store.ts";
import { SAMPLE_IDENTITIES } from "../sample-targets.ts";
import type { CheckedTarget } from "./check-run.ts";
import type { RunEvent } from "./events.ts";
import { capsOf } from "./profiles.ts";
import type { CheckSubject, RunOptions } from "./run-request.ts";

export const SECRET = "the-secret-of-ann-0123456789";

/** Something that listens, and the subject of its route. */
export interface Served {
  readonly subject: CheckSubject;
  stop(): void;
}

/** A route of raw bodies at an origin; `known` callers, or anybody. */
export function rawTarget(origin: string, known = false): Target {
  const target: Target = {
    origin,
    method: "PUT",
    path: "/octets/{name}",
    protocol: "raw",
    file: {
      field: "body",
      types: "any",
      sizeBytesMax: FILE_BYTES_MAX,
      countMax: 1,
      control: { name: "a.bin", mediaType: "application/octet-stream", bytes: seededBytes("run", 500) },
    },
    fields: [],
    acceptedStatuses: [201],
    headers: [],
    idleMs: null,
    seed: "run",
    promises: { id: { header: "Upload-Id" }, requestIdHeader: "X-Request-Id" },
  };
  if (!known) return target;
  return {
    ...target,
    identities: SAMPLE_IDENTITIES,
    promises: {
      ...target.promises,
      state: { path: "/state/{id}", sha256: "/sha256", size: "/size" },
      idempotencyKey: "optional",
      digests: ["content-digest"],
      atOnceMax: AT_ONCE,
      trustedHeaders: ["x-user"],
    },
  };
}

export function aboutOf({ origin, method, path }: Target): CheckedTarget {
  return {
    flow: "octets",
    flowFile: null,
    policyVersion: null,
    owner: null,
    origin,
    method,
    path,
    framework: null,
    front: "unknown",
    serves: null,
    assumptions: [],
    readBack: null,
  };
}

export function subjectOf(target: Target, changed: Partial<CheckSubject> = {}): CheckSubject {
  return {
    target,
    about: aboutOf(target),
    evidence: null,
    hooks: {},
    cleanUp: async () => [],
    secrets: () => [],
    waivers: new Map(),
    manual: new Map(),
    expected: null,
    close: async () => {},
    ...changed,
  };
}

/** The sample server, careful or with one fault, with all that can be seen of it. */
export async function serveSample(fault: ServerFault | null = null): Promise<Served> {
  const server = new SampleServer(fault);
  const origin = await listen(server.server);
  const subject = subjectOf(rawTarget(origin, true), {
    evidence: {
      clear: async () => {
        server.store.received.length = 0;
      },
      received: async () => [...server.store.received],
    },
    secrets: () => [SECRET],
  });
  return { subject, stop: () => stop(server.server) };
}

/** A server that answers as `answer` says, and its route; nobody can look into it. */
export async function serve(answer: RequestListener): Promise<Served> {
  const server = createServer(answer);
  server.on("clientError", (_, socket) => socket.destroy());
  const origin = await listen(server);
  return { subject: subjectOf(rawTarget(origin)), stop: () => stop(server) };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): void {
  server.closeAllConnections();
  server.close();
}

/** Options of a run that keeps its events. */
export function optionsFor(
  changed: Partial<RunOptions> = {},
): RunOptions & { readonly events: readonly RunEvent[] } {
  const events: RunEvent[] = [];
  const profile = changed.profile ?? "ci";
  return {
    runId: "20261122-120000-test",
    profile,
    only: [],
    skip: [],
    ...capsOf(profile, FILE_BYTES_MAX),
    signal: new AbortController().signal,
    ...changed,
    onEvent: (event) => {
      events.push(event);
      changed.onEvent?.(event);
    },
    events,
  };
}
