/**
 * The service is slow: it takes an upload, and answers after the gate has given up waiting.
 */
import { NO_WISHES, UPSTREAM_TIMEOUT_MS_MAX } from "../gate-settings.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";
import { playServiceFault } from "./service-fault.ts";

/** Well beyond the timeout of any drill's gate. */
const LATE_MS = UPSTREAM_TIMEOUT_MS_MAX + 700;

export const UPSTREAM_SLOW: DrillKindRow = {
  kind: "upstream-slow",
  title: "the service too slow",
  plan: () => [
    `Two uploads are sent; the proxy tells the service of them at once and holds its answers for ${LATE_MS} ms, longer than the gate waits.`,
    "Answers come at once again. What was kept is sent again by itself or ended by hand, as the flow says.",
  ],
  uploadsMax: 4,
  wishes: () => NO_WISHES,
  prepare: simply(async (scene) => {
    scene.injected.push(`The service was told at once, and its answers were held for ${LATE_MS} ms.`);
    await playServiceFault(scene, {
      fault: { kind: "delay", ms: LATE_MS },
      met: "slow",
      what: "What clients hear while the service is slow",
      isTakenByService: true,
    });
  }),
};
