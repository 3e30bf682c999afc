/**
 * Everything that one drill needs, opened and closed in order: a folder, the fault proxy in front of the service, a gate of its own, somebody to send as,
 * and a way to remove what was stored.
 *
 * Always holds: the gate in production is not touched; what was opened is closed in the opposite order, whatever failed in between.
 */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Target, UploadContent } from "../checks/check.ts";
import type { TlsTrust } from "../checks/open-connection.ts";
import type { Identities, Identity } from "../checks/promise.ts";
import type { Exchange } from "../checks/send-probe.ts";
import { openSight, type Sight } from "../checks/sight/open-sight.ts";
import { flowTarget, markOf } from "../checks/targets/flow-target.ts";
import { seenBy } from "../checks/targets/join-subject.ts";
import type { Flow } from "../flows/flow.ts";
import type { Settings } from "../settings/settings.ts";
import type { DrillFinding } from "./drill.ts";
import { DrillFolder } from "./drill-folder.ts";
import { DrillGate } from "./drill-gate.ts";
import { DrillSender, type SentUpload } from "./drill-upload.ts";
import { type Behind, FaultProxy } from "./fault-proxy.ts";
import { drillSettings, type GateWishes, sayChanges, writtenSettings } from "./gate-settings.ts";

export interface SceneInput {
  /** As it is in force; its mode counts as enforce. */
  readonly flow: Flow;
  /** Of the gate in production, with their secrets. */
  readonly settings: Settings;
  readonly kind: string;
  readonly runId: string;
  /** Origin of the service; `null` for a stand-in that takes everything. */
  readonly service: string | null;
  readonly tls: TlsTrust;
  readonly program: readonly string[];
  readonly wishes: GateWishes;
  /** What the kind asks for. @param dataFolder of the gate @param folder of the drill */
  readonly prepare: (
    dataFolder: string,
    folder: string,
  ) => Promise<{ readonly within: readonly string[]; readonly environment: NodeJS.ProcessEnv }>;
  readonly signal: AbortSignal;
}

export class DrillScene {
  readonly flow: Flow;
  readonly target: Target;
  readonly folder: DrillFolder;
  readonly proxy: FaultProxy;
  readonly gate: DrillGate;
  readonly sender: DrillSender;
  readonly signal: AbortSignal;
  /** How the failure is made, and what was changed for the drill. */
  readonly injected: string[];
  readonly findings: DrillFinding[] = [];
  readonly #cleaning: Sight;
  readonly #mark: string;

  constructor(parts: {
    readonly flow: Flow;
    readonly target: Target;
    readonly folder: DrillFolder;
    readonly proxy: FaultProxy;
    readonly gate: DrillGate;
    readonly sender: DrillSender;
    readonly signal: AbortSignal;
    readonly injected: string[];
    readonly cleaning: Sight;
    readonly mark: string;
  }) {
    this.flow = parts.flow;
    this.target = parts.target;
    this.folder = parts.folder;
    this.proxy = parts.proxy;
    this.gate = parts.gate;
    this.sender = parts.sender;
    this.signal = parts.signal;
    this.injected = parts.injected;
    this.#cleaning = parts.cleaning;
    this.#mark = parts.mark;
  }

  find(what: string, promised: string, isKept: boolean, seen: string): void {
    this.findings.push({ what, promised, seen, isKept });
  }

  /** The same with the ids that the gate's records have of them, where their answers told none. */
  async identified(sent: readonly SentUpload[]): Promise<readonly SentUpload[]> {
    const records = await this.gate.records();
    return sent.map((each) => {
      const record = records.find(
        ({ requestId, files, path }) =>
          requestId === each.requestId ||
          path.endsWith(`/${each.name}`) ||
          files.some(({ declaredName }) => declaredName === each.name),
      );
      return { ...each, uploadId: each.uploadId ?? record?.id ?? null };
    });
  }

  /** Removes from the service what this drill has stored there. @returns what was done, a sentence each */
  async cleanUp(): Promise<readonly string[]> {
    const stored = this.proxy.handOvers.filter(
      ({ answer, isByStandIn }) => answer !== null && isTaken(answer.status) && !isByStandIn,
    );
    if (stored.length === 0) return ["Nothing was stored in the service."];
    const content: UploadContent = { files: [], fields: [] };
    for (const { answer } of stored) {
      if (answer === null) continue;
      const { evidence } = this.#cleaning;
      const exchange = exchangeOf(answer);
      if (evidence?.saw === undefined) await evidence?.received(exchange, content);
      else evidence.saw(exchange);
    }
    const left = await this.#cleaning.cleanUp();
    const hasWay = (this.flow.verify?.cleanup ?? null) !== null;
    if (left.length === 0)
      return [`What the service had stored (${stored.length}) was removed by verify.cleanup.`];
    const why = hasWay ? "verify.cleanup did not remove it" : "the flow names no verify.cleanup";
    return [
      `Left in the service, since ${why}: ${left.join(", ")}. Names that the drill gave begin with ${this.#mark}.`,
    ];
  }
}

export const isTaken = (status: number): boolean => status >= 200 && status < 300;

/** A service's answer as what reads answers of a check takes it. */
export function exchangeOf(answer: NonNullable<FaultProxy["handOvers"][number]["answer"]>): Exchange {
  return {
    answers: [answer],
    interimStatuses: [],
    malformed: null,
    takenBytes: 0,
    takenAtAnswerBytes: null,
    answeredAfterMs: 0,
    end: "closed",
    elapsedMs: 0,
  };
}

/** Runs `use` in a scene that is closed afterwards, whatever comes of it. */
export async function withScene<T>(input: SceneInput, use: (scene: DrillScene) => Promise<T>): Promise<T> {
  await using closing = new AsyncDisposableStack();
  const { flow, runId, settings, wishes, signal } = input;
  const enforced: Flow = { ...flow, mode: "enforce" };
  const folder = await DrillFolder.make(flow, input.kind, markOf(runId));
  closing.defer(() => folder.remove());
  const proxy = new FaultProxy(behindOf(input));
  const upstreamUrl = await proxy.open();
  closing.defer(() => proxy.close());
  const place = { folder: folder.path, port: await freePort(), operatorPort: await freePort(), upstreamUrl };
  const own = drillSettings(settings, flow, place, wishes);
  const { text, environment } = writtenSettings(own, folder.flowsFolder);
  await writeFile(folder.settingsFile, text, { mode: 0o600 });
  const prepared = await input.prepare(own.storage.path, folder.path);
  const gate = new DrillGate({
    folder,
    settings: own,
    program: input.program,
    environment: { ...environment, ...prepared.environment },
    within: prepared.within,
    signal,
  });
  closing.defer(() => gate.stop());
  await gate.start();
  const { target } = await flowTarget({ flow: enforced, origin: gate.origin, runId });
  const sight = await openSight({ flow: enforced, target, origin: gate.origin, runId, settings: own });
  closing.defer(() => sight.close());
  const seen = seenBy(target, sight);
  const sending = { ...seen, ...(await heldIdentities(seen.identities, flow)) };
  const cleaning = await openCleaning(input, sending, closing);
  const sender = new DrillSender(sending, markOf(runId), signal);
  const injected = sayChanges(settings, own, flow);
  // Awaited here: what is opened must stay so until it is done.
  return await use(
    new DrillScene({
      flow,
      target: sending,
      folder,
      proxy,
      gate,
      sender,
      signal,
      injected,
      cleaning,
      mark: markOf(runId),
    }),
  );
}

function behindOf({ service, tls, flow }: SceneInput): Behind {
  if (service === null) return { kind: "stand-in", status: flow.notes.expect?.status ?? 201 };
  const { ca, isUnverified = false } = tls;
  return { kind: "service", origin: service, isUnverified, ...(ca === undefined ? {} : { ca: String(ca) }) };
}

/**
 * Credentials that the flow names may be asked of the service itself, which will be away: they are had before. Those for one use are had for as many
 * uploads as a drill sends.
 */
async function heldIdentities(
  identities: Identities | undefined,
  { verify, permissions }: Flow,
): Promise<{ readonly identities?: Identities }> {
  if (identities === undefined || !verify?.credentials) return identities === undefined ? {} : { identities };
  const count = permissions.caller === "grant" ? GRANTS : 1;
  const main = await held(identities.main, count);
  const other = identities.other === null ? null : await held(identities.other, 1);
  return { identities: { ...identities, main, other } };
}

const GRANTS = 24;

async function held(identity: Identity, count: number): Promise<Identity> {
  const lines: (readonly string[])[] = [];
  for (let index = 0; index < count; index += 1) lines.push(await identity.lines());
  let next = 0;
  return {
    ...identity,
    lines: async () => {
      const found = lines[Math.min(next, lines.length - 1)] ?? [];
      next += 1;
      return found;
    },
  };
}

/** Looks into the service itself: the drill's gate may be gone by then. */
async function openCleaning(
  { flow, runId, service, tls }: SceneInput,
  target: Target,
  closing: AsyncDisposableStack,
): Promise<Sight> {
  const origin = service ?? target.origin;
  const { identities, ...rest } = target;
  const credential = identities === undefined ? [] : await identities.main.lines();
  const direct = { ...rest, origin, credential };
  const named = service === null ? { ...flow, verify: null } : flow;
  const sight = await openSight({ flow: named, target: direct, origin, runId, settings: null, tls });
  closing.defer(() => sight.close());
  if (service !== null) await sight.evidence?.clear();
  return sight;
}

/** A loopback port that nobody uses at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
