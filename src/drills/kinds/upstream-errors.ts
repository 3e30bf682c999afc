/**
 * The service answers 500.
 */
import { NO_WISHES } from "../gate-settings.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";
import { playServiceFault } from "./service-fault.ts";

export const UPSTREAM_ERRORS: DrillKindRow = {
  kind: "upstream-errors",
  title: "the service answering 500",
  plan: () => [
    "Two uploads are sent; the proxy answers 500 in place of the service, which is not told of them.",
    "The service answers again. What was kept must arrive by itself.",
  ],
  uploadsMax: 4,
  wishes: () => NO_WISHES,
  prepare: simply(async (scene) => {
    scene.injected.push("The proxy answered 500 in place of the service.");
    await playServiceFault(scene, {
      fault: { kind: "status", status: 500 },
      met: "error",
      what: "What clients hear when the service answers 500",
      isTakenByService: false,
    });
  }),
};
