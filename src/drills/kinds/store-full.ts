/**
 * The disk of quarantine and store is full.
 */
import { ERROR_CODES, type ErrorCode } from "../../problems/error-code.ts";
import type { DrillScene } from "../drill-scene.ts";
import { fileOfSize, type SentUpload, sayAnswer } from "../drill-upload.ts";
import { type FullDisk, makeFullDisk } from "../full-disk.ts";
import { NO_WISHES } from "../gate-settings.ts";
import { isAcceptedStatus, sayAnswers } from "../judge/judge-uploads.ts";
import { isWait } from "../judge/promised-answer.ts";
import { waitUntil } from "../wait-until.ts";
import type { DrillKindRow } from "./drill-kind.ts";

/** Goes to storage, and not into the records. */
const LARGE_BYTES = 150_000;
/** Rides in the records. */
const SMALL_BYTES_MAX = 16 * 1024;
const UPLOADS = 2;
const SETTLES_MS = 3000;

export const STORE_FULL: DrillKindRow = {
  kind: "store-full",
  title: "the disk full",
  plan: () => [
    "The drill's gate gets a small file system of its own in memory, which nobody else sees; it is filled to the last byte. Where this machine allows none, a limit on the size of its files takes its place, or the drill says that it cannot be made.",
    "Two uploads are sent that need the disk, and a small one where the flow may take it all the same.",
    "Room is made again.",
  ],
  uploadsMax: 6,
  wishes: () => NO_WISHES,
  prepare: async (dataFolder) => {
    const disk = await makeFullDisk(dataFolder);
    if (disk === null)
      return "A full disk cannot be made here: this user may neither mount a file system in a namespace of its own (unshare --mount) nor limit the size of files (prlimit).";
    return { within: disk.within, environment: {}, root: disk.root, play: (scene) => play(scene, disk) };
  },
};

async function play(scene: DrillScene, disk: FullDisk): Promise<void> {
  const { gate, sender, target, flow } = scene;
  const pid = gate.pid ?? 0;
  scene.injected.push(disk.sentence);
  const hasLarge = fileOfSize(target, LARGE_BYTES) !== null;
  const isNeeded = hasLarge || flow.deliver === "receipt" || disk.meetsRecords;
  await disk.fill(pid);
  const before = scene.proxy.handOvers.length;
  if (isNeeded) {
    const sent: SentUpload[] = [];
    for (let index = 0; index < UPLOADS; index += 1)
      sent.push(await sender.sendNew(hasLarge ? LARGE_BYTES : 0));
    await judgeRefused(scene, disk, sent, before);
    await judgeReadiness(scene, disk);
  } else
    scene.injected.push(
      "No upload of this flow was large enough to need the disk, and none could be made: only small ones were sent.",
    );
  const isSmall = target.file.control.bytes.length <= SMALL_BYTES_MAX && flow.deliver === "forward";
  if (isSmall && !disk.meetsRecords) await judgeSmall(scene);
  await disk.empty(pid);
}

async function judgeRefused(
  scene: DrillScene,
  disk: FullDisk,
  sent: readonly SentUpload[],
  before: number,
): Promise<void> {
  const codes: readonly ErrorCode[] = disk.meetsRecords
    ? ["STORAGE_FULL", "STORAGE_WRITE_FAILED", "RECORDS_UNAVAILABLE"]
    : ["STORAGE_FULL"];
  const named = codes.map((code) => `${ERROR_CODES[code].status} ${code}`).join(" or ");
  const isPromised = (each: SentUpload): boolean =>
    codes.some((code) => each.code === code && each.status === ERROR_CODES[code].status) &&
    each.retry === "later" &&
    isWait(each.retryAfterSeconds);
  scene.find(
    "What clients hear while the disk is full",
    `Refused with ${named}, worth a retry later and after how long (failure.storage-full: refuse).`,
    sent.every(isPromised),
    `${sayAnswers(sent)}.`,
  );
  const told = scene.proxy.handOvers.length - before;
  const root = disk.root(scene.gate.pid ?? 0);
  // Removing is not waited for by the answer.
  const isEmpty = async () => ((await scene.gate.quarantined(root)).length === 0 ? true : null);
  await waitUntil(isEmpty, SETTLES_MS, scene.signal);
  const files = await scene.gate.quarantined(root);
  scene.find(
    "What is kept of the refused uploads",
    "Nothing: no bytes on the disk, and the service is not told.",
    told === 0 && files.length === 0,
    `${files.length} files in quarantine; the service was told of ${told}.`,
  );
}

async function judgeReadiness(scene: DrillScene, disk: FullDisk): Promise<void> {
  const { status, parts } = await scene.gate.readiness();
  const unwell = [...parts].filter(([, ok]) => !ok).map(([name]) => name);
  const isNamed = unwell.includes("storage") || (disk.meetsRecords && unwell.includes("records"));
  const hasLogged = await scene.gate.logs("upload failed");
  scene.find(
    "What the operator sees meanwhile",
    `/health/ready is 503 and names ${disk.meetsRecords ? "storage or the records" : "storage"}; the log says \`upload failed\`.`,
    status === 503 && isNamed && hasLogged,
    `/health/ready is ${status}, not well: ${unwell.join(", ") || "nothing"}; the log ${hasLogged ? "says so" : "does not say so"}.`,
  );
}

async function judgeSmall(scene: DrillScene): Promise<void> {
  const sent = await scene.sender.sendNew();
  scene.find(
    "Small files go on",
    "A small file that is forwarded rides in the records, which have room: it is taken.",
    isAcceptedStatus(scene, sent.status),
    `${sayAnswer(sent)}.`,
  );
}
