/**
 * Whether all is as it was before the failure: uploads are taken, nothing waits, nothing lies about, the gate says that it is well.
 */
import type { DrillScene } from "../drill-scene.ts";
import { waitUntil } from "../wait-until.ts";
import { judgeGood } from "./judge-uploads.ts";

/** Removing what is not needed any more is not waited for by the gate's answers. */
const SETTLES_MS = 3000;

/** @param root in front of the gate's storage as we reach it */
export async function judgeAfterwards(scene: DrillScene, root = ""): Promise<void> {
  await judgeGood(scene, "Afterwards a good upload passes");
  await judgeLeftovers(scene, root);
  await judgeHealth(scene);
}

async function judgeLeftovers(scene: DrillScene, root: string): Promise<void> {
  const { gate, signal } = scene;
  const look = async () => ({
    files: await gate.quarantined(root),
    waiting: (await gate.records()).filter(({ state }) => state === "undeliverable").length,
    underWay: (await gate.records()).filter(({ state }) => UNDER_WAY.has(state)).length,
  });
  let last = await look();
  await waitUntil(
    async () => {
      last = await look();
      return last.files.length + last.waiting + last.underWay === 0 ? true : null;
    },
    SETTLES_MS,
    signal,
  );
  const { files, waiting, underWay } = last;
  scene.find(
    "Afterwards nothing is left over",
    "No bytes are left in quarantine, no upload is half done, no delivery waits.",
    files.length + waiting + underWay === 0,
    `${files.length} files in quarantine, ${underWay} uploads half done, ${waiting} deliveries waiting.`,
  );
}

const UNDER_WAY: ReadonlySet<string> = new Set([
  "receiving",
  "received",
  "inspecting",
  "accepted",
  "released",
]);

async function judgeHealth(scene: DrillScene): Promise<void> {
  const { gate, signal } = scene;
  const well = await waitUntil(
    async () => ((await gate.readiness()).status === 200 ? true : null),
    SETTLES_MS,
    signal,
  );
  const { status } = await gate.readiness();
  const waiting = (await gate.metrics()).get("sluicegate_deliveries_waiting") ?? 0;
  const isRunning = !gate.hasEnded;
  scene.find(
    "Afterwards the gate is well",
    "The gate runs on, /health/ready is 200, and `sluicegate_deliveries_waiting` is 0.",
    well === true && isRunning && waiting === 0,
    `${isRunning ? "It runs" : "It has ended"}; /health/ready is ${status}; \`sluicegate_deliveries_waiting\` is ${waiting}.`,
  );
}
