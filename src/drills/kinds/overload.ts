/**
 * More uploads at once than the gate takes.
 */
import type { Flow } from "../../flows/flow.ts";
import type { DrillScene } from "../drill-scene.ts";
import type { PreparedUpload, SentUpload } from "../drill-upload.ts";
import { atOnceMax } from "../flow-shares.ts";
import { NO_WISHES } from "../gate-settings.ts";
import { handOversOf, isAcceptedStatus, sayAnswers, sayTimes } from "../judge/judge-uploads.ts";
import { isWait } from "../judge/promised-answer.ts";
import { waitUntil } from "../wait-until.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";

const PLACES = 2;
const MORE = 4;
const BEGUN_MS_MAX = 5000;

export const OVERLOAD: DrillKindRow = {
  kind: "overload",
  title: "more uploads than it takes",
  plan: (flow) => [
    `For the drill limits.uploads is ${placesOf(flow)}. So many uploads are begun and held half sent; ${MORE} more are sent meanwhile.`,
    "The first ones are finished, and the others sent again.",
  ],
  uploadsMax: PLACES + 2 * MORE + 2,
  wishes: (flow) => ({ ...NO_WISHES, uploadsMax: placesOf(flow) }),
  prepare: simply(play),
};

const placesOf = (flow: Flow): number => Math.min(PLACES, atOnceMax(flow));

async function play(scene: DrillScene): Promise<void> {
  const { sender, flow } = scene;
  const places = placesOf(flow);
  const goOn = Promise.withResolvers<void>();
  const held: Promise<SentUpload>[] = [];
  try {
    for (let index = 0; index < places; index += 1)
      held.push(sender.sendHalves(await sender.prepare(), () => goOn.promise));
    await untilFull(scene, places);
    scene.injected.push(
      `${places} uploads were held half sent, as many as limits.uploads allowed; ${MORE} more were sent meanwhile.`,
    );
    const more: PreparedUpload[] = [];
    for (let index = 0; index < MORE; index += 1) more.push(await sender.prepare());
    const before = scene.proxy.handOvers.length;
    const refused = await Promise.all(more.map((each) => sender.send(each)));
    judgeRefused(scene, refused, scene.proxy.handOvers.length - before);
    await judgeReadiness(scene);
    goOn.resolve();
    judgeHeld(scene, await Promise.all(held));
    await judgeRetries(scene, flow.permissions.caller === "grant" ? [] : more);
  } finally {
    goOn.resolve();
    await Promise.allSettled(held);
  }
}

async function untilFull({ gate, signal }: DrillScene, places: number): Promise<void> {
  const active = async () => (await gate.metrics()).get("sluicegate_uploads_active") ?? 0;
  await waitUntil(async () => ((await active()) >= places ? true : null), BEGUN_MS_MAX, signal);
}

/** @param told so many uploads the service was told of meanwhile */
function judgeRefused(scene: DrillScene, sent: readonly SentUpload[], told: number): void {
  const isHonest = ({ status, code, retryAfterSeconds, retry }: SentUpload): boolean =>
    ((status === 503 && code === "GATE_BUSY") || (status === 429 && code !== null)) &&
    isWait(retryAfterSeconds) &&
    retry === "later";
  const waits = [...new Set(sent.map(({ retryAfterSeconds }) => retryAfterSeconds))];
  scene.find(
    "Who finds no place",
    "Is refused at once with 503 GATE_BUSY (or 429 where a share of the flow is used up), worth a retry later and after how long.",
    sent.every(isHonest),
    `${sayAnswers(sent)}; Retry-After: ${waits.map((each) => each ?? "none").join(", ")}.`,
  );
  scene.find(
    "What the service gets of them",
    "Nothing.",
    told === 0,
    told === 0 ? "Nothing." : `It was told ${sayTimes(told)}.`,
  );
}

async function judgeReadiness(scene: DrillScene): Promise<void> {
  const { status, parts } = await scene.gate.readiness();
  const isNamed = parts.get("accepting uploads") === false;
  const isAlive = await scene.gate.isAlive();
  scene.find(
    "What the operator sees meanwhile",
    "/health/ready is 503 and says that no more uploads are accepted; /health/live stays 200.",
    status === 503 && isNamed && isAlive,
    `/health/ready is ${status}${isNamed ? " and says so" : " and does not say so"}; /health/live is ${isAlive ? "200" : "not 200"}.`,
  );
}

function judgeHeld(scene: DrillScene, sent: readonly SentUpload[]): void {
  const told = sent.map(({ uploadId }) => handOversOf(scene, uploadId).length);
  scene.find(
    "Uploads that had a place",
    "Finish as if nothing had been, and the service is told of each once.",
    sent.every(({ status }) => isAcceptedStatus(scene, status)) && told.every((count) => count === 1),
    `${sayAnswers(sent)}; the service was told of each ${[...new Set(told)].map(sayTimes).join(" or ")}.`,
  );
}

async function judgeRetries(scene: DrillScene, refused: readonly PreparedUpload[]): Promise<void> {
  if (refused.length === 0) return;
  const again: SentUpload[] = [];
  for (const each of refused) again.push(await scene.sender.send(each));
  scene.find(
    "Who was refused and sends the same again",
    "Is taken.",
    again.every(({ status }) => isAcceptedStatus(scene, status)),
    `${sayAnswers(again)}.`,
  );
}
