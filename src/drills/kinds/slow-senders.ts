/**
 * Senders that hold connections at a trickle, while honest uploads go on.
 */
import { connect, type Socket } from "node:net";
import { headBytes } from "../../checks/payloads/upload-request.ts";
import type { DrillScene } from "../drill-scene.ts";
import type { PreparedUpload } from "../drill-upload.ts";
import { atOnceMax } from "../flow-shares.ts";
import { NO_WISHES } from "../gate-settings.ts";
import { isAcceptedStatus, sayAnswers } from "../judge/judge-uploads.ts";
import { waitUntil } from "../wait-until.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";

const SLOW_HEADS = 6;
const SLOW_BODIES_MAX = 4;
const HONEST = 3;
const EVERY_MS = 250;
/** Shortened for the drill, so that it need not last a minute. */
const WINDOW_MS = 1200;
/** Several times what it should take: a body is looked at four times a window. */
const CUT_MS_MAX = 6 * WINDOW_MS;
const HONEST_MS_MAX = 5000;

export const SLOW_SENDERS: DrillKindRow = {
  kind: "slow-senders",
  title: "senders at a trickle",
  plan: () => [
    `${SLOW_HEADS} connections send a request's headers, and up to ${SLOW_BODIES_MAX} its body, four bytes a second each; ${HONEST} honest uploads are sent meanwhile.`,
    `For the drill limits.idle and limits.headers are at most ${WINDOW_MS} ms, so that slow senders are cut off soon.`,
  ],
  uploadsMax: HONEST + 2 + SLOW_BODIES_MAX,
  wishes: () => ({ ...NO_WISHES, idleMs: WINDOW_MS, headersMs: WINDOW_MS }),
  prepare: simply(play),
};

async function play(scene: DrillScene): Promise<void> {
  const { sender, flow, target, gate } = scene;
  // One place stays for whoever is honest: what a share promises of the rest is not what is drilled.
  const bodies = Math.max(0, Math.min(SLOW_BODIES_MAX, atOnceMax(flow) - 1));
  const who = target.identities?.other == null ? "main" : "other";
  const slow: SlowSender[] = [];
  try {
    for (let index = 0; index < SLOW_HEADS + bodies; index += 1)
      slow.push(new SlowSender(gate.origin, await sender.prepare(0, who), index < SLOW_HEADS));
    scene.injected.push(
      `${SLOW_HEADS} connections sent headers and ${bodies} a body, four bytes a second each, from beside ${HONEST} honest uploads.`,
    );
    await judgeHonest(scene);
    await judgeSlow(scene, slow);
  } finally {
    for (const each of slow) each.close();
  }
}

async function judgeHonest(scene: DrillScene): Promise<void> {
  const sent = [];
  for (let index = 0; index < HONEST; index += 1) sent.push(await scene.sender.sendNew());
  const slowest = Math.max(...sent.map(({ elapsedMs }) => elapsedMs));
  scene.find(
    "Honest uploads meanwhile",
    `Are taken, each within ${HONEST_MS_MAX / 1000} s.`,
    sent.every(({ status }) => isAcceptedStatus(scene, status)) && slowest < HONEST_MS_MAX,
    `${sayAnswers(sent)}; the slowest took ${Math.round(slowest)} ms.`,
  );
}

async function judgeSlow(scene: DrillScene, slow: readonly SlowSender[]): Promise<void> {
  await waitUntil(() => (slow.every(({ hasEnded }) => hasEnded) ? true : null), CUT_MS_MAX, scene.signal);
  const held = slow.filter(({ hasEnded }) => !hasEnded).length;
  const statuses = Map.groupBy(slow, ({ status }) => status ?? "no answer");
  const { bodyBytesPerSecondMin } = scene.gate.settings.limits;
  const fallen =
    held === 0
      ? ""
      : ` ${held} still held their place after ${CUT_MS_MAX / 1000} s (limits.min-rate is ${bodyBytesPerSecondMin} B/s).`;
  scene.find(
    "Slow senders",
    "Who sends four bytes a second is cut off, with 408 or by closing: nobody holds a place for ever with a trickle (limits.idle, limits.headers, limits.min-rate).",
    held === 0 && slow.every(({ status }) => status === null || status === 408),
    `${[...statuses].map(([status, each]) => `${each.length} × ${status}`).join(", ")}.${fallen}`,
  );
}

/** One connection that sends a byte now and then. */
class SlowSender {
  hasEnded = false;
  /** Of the answer, or `null` while there is none. */
  status: number | null = null;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;

  /** @param isHead whether it is slow from the first byte on, or sends its headers at once */
  constructor(origin: string, { request }: PreparedUpload, isHead: boolean) {
    const { port, hostname } = new URL(origin);
    const head = headBytes(request);
    const slowly = isHead ? head : request.body;
    let next = 0;
    this.#socket = connect(Number(port), hostname, () => {
      if (!isHead) this.#socket.write(head);
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#end());
    this.#socket.on("data", (bytes: Buffer) => {
      this.status ??= Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString("latin1"))?.[1] ?? 0);
      this.#end();
    });
    this.#timer = setInterval(() => {
      // The last byte is held back: a whole request would be taken for an honest one.
      if (next < slowly.length - 1) this.#socket.write(slowly.subarray(next, next + 1));
      next += 1;
    }, EVERY_MS);
  }

  #end(): void {
    this.hasEnded = true;
    clearInterval(this.#timer);
  }

  close(): void {
    this.#end();
    this.#socket.destroy();
  }
}
