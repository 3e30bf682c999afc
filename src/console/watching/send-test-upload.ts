/**
 * One test upload of a flow through the gate's public port, as a client sends it, and its removal as the flow says.
 *
 * What it sends carries the mark of a run of checks in its names, so that it is known for what it is wherever it ends up.
 */
import { join } from "node:path";
import { describe, isAccepted } from "../../checks/judge.ts";
import { controlContent } from "../../checks/payloads/form.ts";
import type { CheckSubject } from "../../checks/run/run-request.ts";
import type { Exchange } from "../../checks/send-probe.ts";
import { tryControl } from "../../checks/targets/ask.ts";
import { connectionTrouble } from "../../checks/targets/connection-trouble.ts";
import { subjectOfFlow } from "../../checks/targets/make-subject.ts";
import type { Flow } from "../../flows/flow.ts";
import { readFlow } from "../../flows/read-flow.ts";
import { GateError } from "../../problems/gate-error.ts";
import type { Settings } from "../../settings/settings.ts";

/** How it went. `left`: how many uploads could not be removed again. */
export interface TestUpload {
  readonly ok: boolean;
  readonly durationMs: number;
  /** What was wrong, as a phrase; empty where nothing was. */
  readonly trouble: string;
  readonly left: number;
}

/** Why no test upload of a flow can be sent at all, in a sentence; `null` where one can. */
export function whyNoTestUpload({ name, permissions: { caller }, verify }: Flow): string | null {
  if ((verify?.cleanup ?? null) === null)
    return `Test uploads of ${name} are not sent, since nobody has said how to remove them: write verify.cleanup into the flow file.`;
  const needsCredentials = caller === "api-key" || caller === "upstream";
  return needsCredentials && (verify?.credentials ?? null) === null
    ? `Test uploads of ${name} are not sent, since they would need a credential: write verify.credentials into the flow file.`
    : null;
}

/** Sends one and removes it. @throws never: whatever goes wrong is the result */
export async function sendTestUpload(flow: Flow, settings: Settings, runId: string): Promise<TestUpload> {
  const startedAt = performance.now();
  const since = (): number => performance.now() - startedAt;
  try {
    const subject = await openSubject(flow, settings, runId);
    try {
      return await sendAndRemove(subject);
    } finally {
      await subject.close();
    }
  } catch (error) {
    return { ok: false, durationMs: since(), trouble: phrase(error), left: 0 };
  }
}

/** Its own machine's port: whether the certificate there is for the name `127.0.0.1` says nothing of the gate. */
const OWN_GATE = { isUnverified: true };

async function openSubject(flow: Flow, settings: Settings, runId: string): Promise<CheckSubject> {
  const file = join(flow.folder, "flow.yaml");
  const reading = await readFlow(file, { upstreams: "any", needsSamples: false });
  if (!reading.ok) throw new GateError("FLOW_INVALID", { message: "its flow file does not load any more" });
  // Tokens and grants of callers are made with the gate's own secrets; for all others nothing of the gate itself is needed.
  const { caller } = flow.permissions;
  const isMinted = flow.verify?.credentials === null && (caller === "jwt" || caller === "grant");
  return subjectOfFlow({
    flow: withoutListing(flow),
    source: reading.source,
    origin: publicOrigin(settings),
    runId,
    settings: isMinted ? settings : null,
    tls: OWN_GATE,
    first: "none",
  });
}

/**
 * A listing shows what others upload meanwhile, too, and would have to be told from ours. It is left out where the answer names what is to be removed, or the
 * clean-up needs no name.
 */
function withoutListing(flow: Flow): Flow {
  const { verify } = flow;
  const cleanup = verify?.cleanup ?? null;
  if (verify === null || cleanup === null) return flow;
  const needsId = /\{id\}|SLUICEGATE_CHECK_UPLOAD/.test("path" in cleanup ? cleanup.path : cleanup.command);
  if (needsId && verify.readBack.id === null) return flow;
  return { ...flow, verify: { ...verify, readBack: { ...verify.readBack, list: null, command: null } } };
}

/** Where the gate is reached from its own machine. */
export function publicOrigin({ listen }: Settings): string {
  const { host, port, tls } = listen.public;
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `${tls === null ? "http" : "https"}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}

async function sendAndRemove(subject: CheckSubject): Promise<TestUpload> {
  const { target, evidence } = subject;
  await evidence?.clear();
  const startedAt = performance.now();
  const { exchange, error } = await tryControl(target, OWN_GATE);
  const durationMs = performance.now() - startedAt;
  if (exchange === null)
    return {
      ok: false,
      durationMs,
      trouble: sayTrouble(connectionTrouble(target.origin, error).sentence),
      left: 0,
    };
  if (evidence?.saw === undefined) await evidence?.received(exchange, controlContent(target));
  else evidence.saw(exchange);
  const left = (await subject.cleanUp()).length;
  const isTaken = isAccepted(target, exchange);
  return { ok: isTaken, durationMs, trouble: isTaken ? "" : sayAnswer(exchange), left };
}

/** `it got 502 UPSTREAM_UNREACHABLE`. */
function sayAnswer(exchange: Exchange): string {
  const [answer] = exchange.answers;
  const code = answer === undefined ? null : codeIn(answer.body);
  return `it got ${describe(exchange)}${code === null ? "" : ` (${code})`}`;
}

function codeIn(body: Uint8Array): string | null {
  try {
    const { code } = JSON.parse(Buffer.from(body).toString("utf8")) as { code?: unknown };
    return typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code : null;
  } catch {
    return null;
  }
}

const sayTrouble = (sentence: string): string => sentence.replace(/\.$/, "");

const phrase = (error: unknown): string =>
  sayTrouble(error instanceof Error ? error.message : String(error)).slice(0, 300);
