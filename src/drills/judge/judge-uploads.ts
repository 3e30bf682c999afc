/**
 * Judges what became of uploads: what their clients were told, what is on record, how often the service took them.
 */
import { readPlace } from "../../checks/define-scenario.ts";
import type { AnswerPlace } from "../../checks/promise.ts";
import { idIn } from "../../checks/sight/by-answer.ts";
import type { DrillScene } from "../drill-scene.ts";
import { exchangeOf, isTaken } from "../drill-scene.ts";
import { type SentUpload, sayAnswer } from "../drill-upload.ts";
import type { HandOver } from "../fault-proxy.ts";
import { waitUntil } from "../wait-until.ts";
import { answerComplaints, type PromisedAnswer } from "./promised-answer.ts";

/** Answers in words, equal ones counted: `2 × 502 UPSTREAM_UNREACHABLE`. */
export function sayAnswers(sent: readonly SentUpload[]): string {
  const counts = Map.groupBy(sent, sayAnswer);
  return [...counts].map(([word, each]) => `${each.length} × ${word}`).join(", ");
}

/** What clients were answered, against what was promised. */
export function judgeAnswers(
  scene: DrillScene,
  what: string,
  sent: readonly SentUpload[],
  promised: PromisedAnswer,
): void {
  const complaints = [...new Set(sent.flatMap((each) => answerComplaints(each, promised)))];
  const seen = `${sayAnswers(sent)}${complaints.length === 0 ? "" : `: an upload ${complaints.join("; ")}`}.`;
  scene.find(what, promised.sentence, complaints.length === 0, seen);
}

/** A good upload is taken, and the service is told of it once. @returns whether it was */
export async function judgeGood(scene: DrillScene, what: string): Promise<boolean> {
  const sent = await scene.sender.sendNew();
  const told = handOversOf(scene, sent.uploadId);
  const isGood = isAcceptedStatus(scene, sent.status) && told.length === 1;
  const seen = `${sayAnswer(sent)} after ${Math.round(sent.elapsedMs)} ms; the service was told of it ${sayTimes(told.length)}.`;
  scene.find(what, "A good upload is taken, and the service is told of it once.", isGood, seen);
  return isGood;
}

export function isAcceptedStatus({ target }: DrillScene, status: number | null): boolean {
  return status !== null && target.acceptedStatuses.includes(status);
}

export const sayTimes = (count: number): string =>
  count === 0 ? "not at all" : count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;

export function handOversOf({ proxy }: DrillScene, uploadId: string | null): readonly HandOver[] {
  return proxy.handOvers.filter((each) => uploadId !== null && each.uploadId === uploadId);
}

/** How often the service answered an upload with a 2xx. */
export function timesTaken(handOvers: readonly HandOver[]): number {
  return handOvers.filter(({ answer }) => answer !== null && isTaken(answer.status)).length;
}

/** Uploads that are kept arrive by themselves. @param withinMs from now on */
export async function judgeArrival(
  scene: DrillScene,
  uploadIds: readonly string[],
  withinMs: number,
): Promise<void> {
  const startedAt = performance.now();
  const left = new Set(uploadIds);
  const states = new Map<string, string>();
  await waitUntil(
    async () => {
      for (const id of left) {
        const state = (await scene.gate.record(id))?.state ?? "no record";
        states.set(id, state);
        if (state !== "undeliverable" && state !== "released") left.delete(id);
      }
      return left.size === 0 ? true : null;
    },
    withinMs,
    scene.signal,
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const arrived = uploadIds.filter((id) => states.get(id) === "delivered").length;
  const others = uploadIds
    .filter((id) => states.get(id) !== "delivered")
    .map((id) => states.get(id) ?? "unknown");
  const isKept = arrived === uploadIds.length;
  const rest = isKept
    ? ""
    : ` The others: ${[...new Set(others)].join(", ")}${sayLastAnswers(scene, uploadIds)}.`;
  scene.find(
    "What was kept arrives when the service is well again",
    `Every upload that was answered with a 202 is delivered by itself, within the pauses between tries (here ${Math.round(withinMs / 1000)} s).`,
    isKept,
    `${arrived} of ${uploadIds.length} delivered after ${seconds} s.${rest}`,
  );
}

function sayLastAnswers(scene: DrillScene, uploadIds: readonly string[]): string {
  const statuses = uploadIds.map((id) => handOversOf(scene, id).at(-1)?.answer?.status ?? null);
  const said = [...new Set(statuses.filter((each) => each !== null))];
  return said.length === 0 ? "" : `; to the last try the service answered ${said.join(", ")}`;
}

/** How often the service took each; where it took one again that it had already, whether it knew it for the same. */
export function judgeOnce(scene: DrillScene, uploadIds: readonly string[], mayGoTwice: boolean): void {
  const counts = uploadIds.map((id) => timesTaken(handOversOf(scene, id)));
  const doubled = uploadIds.filter((_, index) => (counts[index] ?? 0) > 1);
  const most = Math.max(0, ...counts);
  if (!mayGoTwice) {
    scene.find(
      "Nothing is doubled",
      "The service is not told again of what it may have.",
      doubled.length === 0,
      most === 0
        ? "The service took none of them."
        : `The service took each of them at most ${sayTimes(most)}.`,
    );
    return;
  }
  if (doubled.length > 0) judgeKnownAgain(scene, doubled);
}

/** The flow lets the same upload id go again: then the service must know it by that id. */
function judgeKnownAgain(scene: DrillScene, doubled: readonly string[]): void {
  const place = scene.flow.verify?.readBack.id ?? null;
  const ids = doubled.map((uploadId) => new Set(serviceIds(scene, uploadId, place)));
  const promised =
    "The service knows an upload that it gets again by its Sluicegate-Upload, and answers with the same id (failure.upstream-unknown: retry relies on it).";
  const many = `${doubled.length === 1 ? "one upload" : `${doubled.length} uploads`} that it had already`;
  if (ids.some((each) => each.size === 0)) {
    scene.injected.push(
      `The service took ${many} once more. Whether it stored it twice cannot be told: verify.read-back.id says where its answer names the id.`,
    );
    return;
  }
  const stored = ids.filter((each) => each.size > 1).length;
  const seen =
    stored === 0
      ? `It took ${many} once more, and answered with the same id.`
      : `It took ${many} once more, and answered with another id: the upload is stored twice.`;
  scene.find("Nothing is doubled", promised, stored === 0, seen);
}

function serviceIds(scene: DrillScene, uploadId: string, place: AnswerPlace | null): readonly string[] {
  return handOversOf(scene, uploadId).flatMap(({ answer }) => {
    if (answer === null || !isTaken(answer.status)) return [];
    const exchange = exchangeOf(answer);
    const id = place === null ? idIn(null, exchange) : readPlace(exchange, place);
    return id === null || id === "" ? [] : [id];
  });
}
