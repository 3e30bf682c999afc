/**
 * The service is down: nobody listens at its address.
 */
import { NO_WISHES } from "../gate-settings.ts";
import { type DrillKindRow, simply } from "./drill-kind.ts";
import { playServiceFault } from "./service-fault.ts";

export const UPSTREAM_DOWN: DrillKindRow = {
  kind: "upstream-down",
  title: "the service down",
  plan: () => [
    "A proxy stands between the drill's gate and the service. It stops listening, so that no connection can be made; two uploads are sent.",
    "It listens again. What the gate has kept must arrive by itself.",
  ],
  uploadsMax: 4,
  wishes: () => NO_WISHES,
  prepare: simply(async (scene) => {
    scene.injected.push(
      "No connection to the service could be made: the proxy in front of it had closed its port.",
    );
    await playServiceFault(scene, {
      fault: { kind: "refuse" },
      met: "absent",
      what: "What clients hear while the service is down",
      isTakenByService: false,
    });
  }),
};
