/**
 * Row: requests that no flow is about: small GETs through the gate and through nginx, to the same service.
 */
import type { Bench } from "../bench.ts";
import { type Figure, judge, type RowResult } from "../measure/figure.ts";
import { startGate } from "../servers/gate.ts";
import { startNginxProxy, startNginxService } from "../servers/nginx.ts";
import { formFlow } from "./flows.ts";
import { type Contestant, measureManyRequests } from "./many-requests.ts";

const CONNECTIONS = 32;
const ROOM_BYTES = 1e9;
const PATH = "/api/things/1";

export async function measurePassThrough(bench: Bench): Promise<RowResult> {
  const place = bench.makePlace(ROOM_BYTES);
  const service = await startNginxService(place.folder);
  const nginx = await startNginxProxy(place.folder, service.port);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: service.port,
    flows: [formFlow("uploads", "/api/uploads", "forward")],
    arguments: bench.gateArguments("pass-through"),
  });
  const contestants: Contestant[] = [
    { subject: "nginx proxy_pass", server: nginx, path: PATH },
    { subject: "gate, pass-through", server: gate, path: PATH },
  ];
  const [seconds, rounds] = bench.options.isQuick ? [2, 1] : [5, 2];
  const load = { connections: CONNECTIONS, seconds, folder: place.folder };
  const figures = await measureManyRequests({ contestants, load, rounds });
  for (const server of [gate, nginx, service]) await server.stop();
  bench.removePlace(place);
  const [peer, passed] = figures;
  const target = {
    what: "requests per CPU second of the gate beside nginx proxy_pass",
    unit: " ×",
    atLeast: 0.5,
  };
  return {
    row: "pass-through",
    title: `small GET passed through, ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s`,
    figures,
    verdicts: [judge(target, perCoreRatio(passed, peer))],
    notes: [],
  };
}

/** Requests per core and second are the inverse of CPU seconds per request. */
function perCoreRatio(passed: Figure | undefined, peer: Figure | undefined): number | null {
  const ours = passed?.cpuSecondsPerThousand;
  const theirs = peer?.cpuSecondsPerThousand;
  return ours === undefined || theirs === undefined || ours === 0 ? null : theirs / ours;
}
