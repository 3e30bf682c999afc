/**
 * The gate is killed in the middle of uploads, and started again.
 */
import type { DrillScene } from "../drill-scene.ts";
import { type PreparedUpload, type SentUpload, sayAnswer } from "../drill-upload.ts";
import { atOnceMax } from "../flow-shares.ts";
import { NO_WISHES } from "../gate-settings.ts";
import {
  handOversOf,
  isAcceptedStatus,
  judgeArrival,
  judgeOnce,
  sayAnswers,
  sayTimes,
  timesTaken,
} from "../judge/judge-uploads.ts";
import { waitUntil } from "../wait-until.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";
import { decideByHand } from "./service-fault.ts";

const ACKNOWLEDGED = 3;
/** The service's answer is held for so long, less than the gate waits: in between it is killed. */
const HELD_MS = 900;
const HANDED_OVER_MS_MAX = 5000;
const ARRIVAL_MS = 8000;

export const KILLED: DrillKindRow = {
  kind: "killed",
  title: "the gate killed",
  plan: () => [
    "Three uploads are sent and acknowledged. One more is sent by half, and another one is with the service, whose answer is held: then the drill's gate gets SIGKILL.",
    "It is started again on the same data.",
  ],
  uploadsMax: 8,
  wishes: () => NO_WISHES,
  prepare: simply(play),
};

async function play(scene: DrillScene): Promise<void> {
  const { gate, sender, proxy } = scene;
  const prepared: PreparedUpload[] = [];
  const sent: SentUpload[] = [];
  for (let index = 0; index < ACKNOWLEDGED; index += 1) {
    const upload = await sender.prepare();
    prepared.push(upload);
    sent.push(await sender.send(upload));
  }
  const known = new Set(proxy.handOvers.map(({ uploadId }) => uploadId));
  const cut = await killInTheMiddle(scene, known);
  const logged = gate.logChars;
  await proxy.heal();
  await gate.start();
  judgeCut(scene, cut.clients);
  await judgeAcknowledged(scene, sent);
  judgeUnfinished(scene, known, cut.handedOver);
  await judgeStart(scene, logged);
  await judgeUncertain(scene, cut.handedOver);
  await judgeRetry(scene, prepared[0], sent[0]);
}

interface Cut {
  readonly clients: readonly SentUpload[];
  /** Id of the upload that the service has, and of which the gate had no answer yet. */
  readonly handedOver: string | null;
}

async function killInTheMiddle(scene: DrillScene, known: ReadonlySet<string>): Promise<Cut> {
  const { gate, sender, proxy, flow, signal } = scene;
  const never = new Promise<never>(() => {});
  const isHalfSent = atOnceMax(flow) > 1;
  const half = isHalfSent ? [sender.sendHalves(await sender.prepare(), () => never)] : [];
  await proxy.fail({ kind: "delay", ms: HELD_MS });
  const whole = sender.send(await sender.prepare());
  const clients = Promise.all([...half, whole]);
  clients.catch(() => {});
  const handedOver = await waitUntil(
    () =>
      proxy.handOvers.find(({ uploadId, answer }) => !known.has(uploadId) && answer !== null)?.uploadId ??
      null,
    HANDED_OVER_MS_MAX,
    signal,
  );
  await gate.kill();
  const halfSaid = isHalfSent ? "one upload was half sent and " : "";
  scene.injected.push(
    `The drill's gate got SIGKILL while ${halfSaid}another one was with the service, which had not answered yet; then it was started again on the same data.`,
  );
  return { clients: await clients, handedOver };
}

function judgeCut(scene: DrillScene, clients: readonly SentUpload[]): void {
  scene.find(
    "What clients hear that were cut off",
    "Nothing that would be taken for success: a broken connection.",
    clients.every(({ status }) => status === null),
    `${sayAnswers(clients)}.`,
  );
}

async function judgeAcknowledged(scene: DrillScene, sent: readonly SentUpload[]): Promise<void> {
  const states = [];
  for (const { uploadId } of sent)
    states.push((await scene.gate.record(uploadId ?? ""))?.state ?? "no record");
  const taken = sent.map(({ uploadId }) => timesTaken(handOversOf(scene, uploadId)));
  const isRight = states.every((state) => state === "delivered") && taken.every((count) => count === 1);
  scene.find(
    "What was acknowledged before",
    "All of it is there: on record as delivered, and once with the service.",
    isRight && sent.every(({ status }) => isAcceptedStatus(scene, status)),
    `${sayAnswers(sent)}; on record: ${[...new Set(states)].join(", ")}; the service took each ${[...new Set(taken)].map(sayTimes).join(" or ")}.`,
  );
}

function judgeUnfinished(scene: DrillScene, known: ReadonlySet<string>, handedOver: string | null): void {
  const others = new Set(scene.proxy.handOvers.map(({ uploadId }) => uploadId));
  const strangers = [...others].filter((id) => !known.has(id) && id !== handedOver);
  scene.find(
    "What the service got of unfinished uploads",
    "Nothing of an upload that was cut off before it was whole.",
    strangers.length === 0,
    strangers.length === 0 ? "Nothing." : `It was told of ${strangers.length} more than were sent whole.`,
  );
}

async function judgeStart(scene: DrillScene, logged: number): Promise<void> {
  await scene.gate.logs("after the last stop:", logged);
  const log = scene.gate.loggedSince(logged);
  const [line] = log.split("\n").filter((each) => each.includes("after the last stop:"));
  scene.find(
    "What the start says",
    "How many uploads ended, and how many of unknown delivery are kept.",
    line !== undefined,
    line === undefined ? "Nothing of it." : `“${line.trim()}”`,
  );
}

/** The upload that the service has, and of which the gate cannot know. */
async function judgeUncertain(scene: DrillScene, uploadId: string | null): Promise<void> {
  const { gate, flow } = scene;
  if (uploadId === null) {
    scene.find(
      "An upload of unknown outcome",
      "One upload is with the service when the gate is killed.",
      false,
      "The service was not told of it in time.",
    );
    return;
  }
  if (flow.failure.upstreamUnknown === "retry") {
    await judgeArrival(scene, [uploadId], ARRIVAL_MS);
    judgeOnce(scene, [uploadId], true);
    return;
  }
  const record = await gate.record(uploadId);
  scene.find(
    "The upload of unknown outcome",
    "Kept until a person decides, since the service may have it (failure.upstream-unknown: keep).",
    record?.state === "undeliverable" && record.nextTryAtMs === null,
    `On record: ${record?.state ?? "no record"}.`,
  );
  judgeOnce(scene, [uploadId], false);
  await decideByHand(scene, [uploadId]);
}

/** A client that has lost the answer sends the same again, with its key. */
async function judgeRetry(
  scene: DrillScene,
  prepared: PreparedUpload | undefined,
  first: SentUpload | undefined,
): Promise<void> {
  const { idempotencyKey } = scene.flow.retry;
  // A grant is good for one use: the same request is refused for it.
  const isOnce = scene.flow.permissions.caller === "grant";
  if (idempotencyKey === "off" || idempotencyKey === "optional" || isOnce) return;
  if (prepared === undefined || first === undefined) return;
  const again = await scene.sender.send(prepared);
  const taken = timesTaken(handOversOf(scene, first.uploadId));
  scene.find(
    "A retry of what was acknowledged",
    "Gets the same answer again, and the service is not told again.",
    again.status === first.status && taken === 1,
    `${sayAnswer(again)}; the service took it ${sayTimes(taken)}.`,
  );
}
