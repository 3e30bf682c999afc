/**
 * Row: forms with a 10 KB image on 16 connections. The gate verifies, hashes and makes durable before it answers; FastAPI writes without sync.
 */
import type { Bench } from "../bench.ts";
import { judge, type RowResult, ratio } from "../measure/figure.ts";
import { formOf } from "../senders/bytes.ts";
import { noisePng } from "../senders/png.ts";
import { startFastApis } from "../servers/fastapi.ts";
import { startGate } from "../servers/gate.ts";
import { startNginxService } from "../servers/nginx.ts";
import { imageFlow } from "./flows.ts";
import { type Contestant, measureManyRequests } from "./many-requests.ts";

const FILE_BYTES = 10_000;
const CONNECTIONS = 16;
const ROOM_BYTES = 3e9;
const FLOWS = [
  imageFlow("receipts", "/receipt", { deliver: "receipt", mode: "enforce" }),
  imageFlow("forwards", "/forward", { deliver: "forward", mode: "enforce" }),
  imageFlow("observed", "/observe", { deliver: "forward", mode: "observe" }),
];

export async function measureSmallForm(bench: Bench): Promise<RowResult> {
  const place = bench.makePlace(ROOM_BYTES);
  const service = await startNginxService(place.folder);
  const fastApis = await startFastApis(place.folder);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: service.port,
    flows: FLOWS,
    arguments: bench.gateArguments("small-form"),
  });
  const contestants: Contestant[] = [
    ...fastApis.peers.map(({ dress, server }) => ({
      subject: `FastAPI UploadFile, ${dress}, no sync`,
      server,
      path: "/small",
    })),
    { subject: "gate, receipt", server: gate, path: "/receipt" },
    { subject: "gate, forward", server: gate, path: "/forward" },
    { subject: "gate, observe", server: gate, path: "/observe" },
  ];
  const [seconds, rounds] = bench.options.isQuick ? [2, 1] : [5, 2];
  const form = formOf(noisePng(FILE_BYTES), "picture.png", "image/png");
  const load = { connections: CONNECTIONS, seconds, form, folder: place.folder };
  const figures = await measureManyRequests({ contestants, load, rounds });
  for (const server of [gate, ...fastApis.peers.map((peer) => peer.server), service]) await server.stop();
  bench.removePlace(place);
  return {
    row: "small-form",
    title: `10 KB form, ${CONNECTIONS} connections, ${place.medium}, ${rounds} rounds of ${seconds} s`,
    figures,
    verdicts: judgeRow(figures),
    notes: fastApis.notes,
  };
}

function judgeRow(figures: RowResult["figures"]): RowResult["verdicts"] {
  const gate = figures.find((figure) => figure.subject === "gate, receipt");
  const peers = figures.filter((figure) => figure.subject.startsWith("FastAPI"));
  return peers.map((peer) => {
    const target = { what: `requests/s of gate, receipt beside ${peer.subject}`, unit: " ×", atLeast: 2 };
    return judge(target, ratio(gate, peer, "perSecond"));
  });
}
