/**
 * The clock jumps by a day, back and forth.
 */
import { join } from "node:path";
import { formatDuration } from "../../setup/duration.ts";
import type { DrillScene } from "../drill-scene.ts";
import { type SentUpload, sayAnswer } from "../drill-upload.ts";
import { NO_WISHES } from "../gate-settings.ts";
import { isAcceptedStatus, judgeArrival } from "../judge/judge-uploads.ts";
import { CLOCK_MODULE, CLOCK_VARIABLE, jumpTo } from "../jumping-clock.ts";
import { pause, waitUntil } from "../wait-until.ts";
import type { DrillKindRow } from "./drill-kind.ts";

const DAY_MS = 86_400_000;
/** The gate looks at the file every few milliseconds. */
const SEEN_MS = 50;
const ARRIVAL_MS = 8000;
const PERSON_MS_MAX = 10_000;

export const CLOCK: DrillKindRow = {
  kind: "clock",
  title: "the clock jumping by a day",
  plan: ({ failure }) => [
    "The wall clock of the drill's gate, and of no other process, goes back by a day, then forward by a day, then is set right. An upload is sent each time.",
    ...(failure.upstreamDown === "retry"
      ? [
          "While the service is away an upload is kept, and the clock goes back before it is there again; another one is kept, and the clock goes forward.",
        ]
      : []),
  ],
  uploadsMax: 7,
  wishes: () => NO_WISHES,
  prepare: async (_, folder) => {
    const file = join(folder, "clock");
    const options = [process.env.NODE_OPTIONS, `--import=${CLOCK_MODULE}`].filter(Boolean).join(" ");
    return {
      within: [],
      environment: { [CLOCK_VARIABLE]: file, NODE_OPTIONS: options },
      root: () => "",
      play: (scene) => play(scene, (shiftMs) => jump(scene, file, shiftMs)),
    };
  },
};

type Jump = (shiftMs: number) => Promise<void>;

async function jump({ signal }: DrillScene, file: string, shiftMs: number): Promise<void> {
  await jumpTo(file, shiftMs);
  await pause(SEEN_MS, signal);
}

async function play(scene: DrillScene, to: Jump): Promise<void> {
  scene.injected.push(
    "The wall clock of the drill's gate was shifted by a day (JavaScript's Date, in all its threads); clocks that do not jump were left as they are.",
  );
  await judgeUpload(scene, to, -DAY_MS);
  await to(0);
  await judgeUpload(scene, to, DAY_MS);
  await to(0);
  if (scene.flow.failure.upstreamDown !== "retry" || scene.flow.permissions.caller === "upstream") return;
  await judgeKeptGoingBack(scene, to);
  await judgeKeptGoingForward(scene, to);
}

/** Credentials and receipts have a time; everything else goes on. */
async function judgeUpload(scene: DrillScene, to: Jump, shiftMs: number): Promise<void> {
  const { flow, sender } = scene;
  await to(shiftMs);
  const sent = await sender.sendNew();
  const { caller } = flow.permissions;
  const hasTime = caller === "jwt" || caller === "grant" || caller === "api-key";
  const mayRefuse = hasTime ? [401, 403] : [];
  const isTaken = isAcceptedStatus(scene, sent.status);
  const isRefused = sent.status !== null && mayRefuse.includes(sent.status) && sent.code !== null;
  // A service that looks at a receipt's time refuses one that is a day off, and says so itself.
  const isForReceipt = flow.deliver === "receipt" && sent.code === null && (sent.status ?? 500) < 500;
  scene.find(
    `An upload with the clock a day ${shiftMs < 0 ? "behind" : "ahead"}`,
    `Is taken${hasTime ? ", or refused with 401 because its credential is valid by the clock" : ""}; /health/ready is 200.`,
    (isTaken || isRefused || isForReceipt) && (await scene.gate.readiness()).status === 200,
    `${sayAnswer(sent)}.`,
  );
}

async function keptUpload(scene: DrillScene): Promise<SentUpload> {
  await scene.proxy.fail({ kind: "refuse" });
  return scene.sender.sendNew();
}

async function judgeKeptGoingBack(scene: DrillScene, to: Jump): Promise<void> {
  const sent = await keptUpload(scene);
  await to(-DAY_MS);
  await scene.proxy.heal();
  await judgeArrival(scene, sent.uploadId === null ? [] : [sent.uploadId], ARRIVAL_MS);
  const hasLogged = await scene.gate.logs("the clock has gone back");
  scene.find(
    "What the log says of a clock that goes back",
    "`the clock has gone back`, and that what waits is due now.",
    hasLogged,
    hasLogged ? "It says so." : "It says nothing of it.",
  );
  await to(0);
}

/** Beyond `retry-for` it waits for a person; else it is tried at once. */
async function judgeKeptGoingForward(scene: DrillScene, to: Jump): Promise<void> {
  const { gate, proxy, flow, signal } = scene;
  const sent = await keptUpload(scene);
  const id = sent.uploadId ?? "";
  await to(DAY_MS + 60_000);
  const mustWait = flow.failure.retryForMs <= DAY_MS;
  if (mustWait) {
    const waits = await waitUntil(
      async () => {
        const record = await gate.record(id);
        return record?.state === "undeliverable" && record.nextTryAtMs === null ? true : null;
      },
      PERSON_MS_MAX,
      signal,
    );
    scene.find(
      "A kept upload, with the clock a day ahead",
      `Waits for a person: more than retry-for (${formatDuration(flow.failure.retryForMs)}) has gone by, as the gate sees it.`,
      waits === true,
      waits === true
        ? "It waits for a person."
        : `On record: ${(await gate.record(id))?.state ?? "no record"}, still tried by itself.`,
    );
  }
  await to(0);
  await proxy.heal();
  if (mustWait) await gate.command("retry", "--all");
  await judgeArrival(scene, sent.uploadId === null ? [] : [id], ARRIVAL_MS);
}
