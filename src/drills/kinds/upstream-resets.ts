/**
 * The service breaks the connection off after it took the upload.
 */
import { NO_WISHES } from "../gate-settings.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";
import { playServiceFault } from "./service-fault.ts";

export const UPSTREAM_RESETS: DrillKindRow = {
  kind: "upstream-resets",
  title: "the service breaking off",
  plan: () => [
    "Two uploads are sent; the service takes them, and the proxy resets the connection in place of its answer.",
    "Answers come through again. What was kept is sent again by itself or ended by hand, as the flow says.",
  ],
  uploadsMax: 4,
  wishes: () => NO_WISHES,
  prepare: simply(async (scene) => {
    scene.injected.push(
      "The service took each upload, and the connection was reset before its answer came through.",
    );
    await playServiceFault(scene, {
      fault: { kind: "reset" },
      met: "broken-off",
      what: "What clients hear when the service breaks off",
      isTakenByService: true,
    });
  }),
};
