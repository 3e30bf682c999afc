/**
 * Row: 1 GiB as a raw body. The gate hashes and syncs; nobody else does.
 */
import type { Bench } from "../bench.ts";
import { judge, type RowResult, ratio } from "../measure/figure.ts";
import { type Body, lengthOf, rawBody } from "../senders/bytes.ts";
import { startFastApis } from "../servers/fastapi.ts";
import { startGate } from "../servers/gate.ts";
import { startNginxPut } from "../servers/nginx.ts";
import type { Server } from "../servers/server.ts";
import { startSink } from "../servers/sink.ts";
import { buildTusd, startTusd } from "../servers/tusd.ts";
import { rawFlow } from "./flows.ts";
import { type Contestant, measureLargeUploads } from "./large-uploads.ts";

const MIB = 1024 * 1024;
const FLOWS = [
  rawFlow("receipts", "/receipt/{name}", "receipt"),
  rawFlow("forwards", "/forward/{name}", "forward"),
];
/** With four cores the client and the hashing have cores of their own. */
const CORES_FOR_ALL = 4;

export async function measureLargeRaw(bench: Bench): Promise<RowResult> {
  const fileBytes = (bench.options.isQuick ? 64 : 1024) * MIB;
  const place = bench.makePlace(4 * fileBytes);
  const sink = await startSink(place.folder);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: sink.port,
    flows: FLOWS,
    arguments: bench.gateArguments("large-raw"),
  });
  const { peers, notes } = await startPeers(place.folder);
  const contestants: Contestant[] = [
    ...peers,
    { subject: "gate, receipt", server: gate, request: () => ({ method: "PUT", path: "/receipt/one" }) },
    { subject: "gate, forward", server: gate, request: () => ({ method: "PUT", path: "/forward/one" }) },
  ];
  const rounds = bench.options.isQuick ? 1 : 3;
  const figures = await measureLargeUploads({
    contestants,
    makeBody: rawBody,
    fileBytes,
    rounds,
    folder: place.folder,
  });
  for (const server of new Set([...contestants.map((contestant) => contestant.server), sink]))
    await server.stop();
  bench.removePlace(place);
  return {
    row: "large-raw",
    title: `${fileBytes / MIB} MiB raw body, ${place.medium}, ${rounds} rounds`,
    figures,
    verdicts: judgeRow(figures, bench.cores),
    notes,
  };
}

async function startPeers(folder: string): Promise<{ peers: Contestant[]; notes: string[] }> {
  const nginx = await startNginxPut(folder);
  const fastApis = await startFastApis(folder);
  const peers: Contestant[] = [
    { subject: "nginx PUT (dav)", server: nginx, request: () => ({ method: "PUT", path: "/one" }) },
    ...fastApis.peers.map(({ dress, server }) => ({
      subject: `FastAPI request.stream(), ${dress}`,
      server,
      request: () => ({ method: "PUT", path: "/raw/one" }),
    })),
  ];
  const build = buildTusd();
  if (!build.ok) return { peers, notes: [...fastApis.notes, build.reason] };
  peers.splice(1, 0, tusContestant(await startTusd(build.path, folder)));
  return { peers, notes: fastApis.notes };
}

/** tus 1.0 with creation-with-upload: the whole file in the creating request. */
function tusContestant(server: Server): Contestant {
  const headers = (body: Body): Record<string, string> => ({
    "Tus-Resumable": "1.0.0",
    "Upload-Length": String(lengthOf(body)),
    "Content-Type": "application/offset+octet-stream",
  });
  return {
    subject: "tusd",
    server,
    request: (body) => ({ method: "POST", path: "/files/", headers: headers(body) }),
  };
}

function judgeRow(figures: RowResult["figures"], cores: number): RowResult["verdicts"] {
  const of = (subject: string): RowResult["figures"][number] | undefined =>
    figures.find((figure) => figure.subject === subject);
  const gate = of("gate, receipt");
  const atLeast = cores >= CORES_FOR_ALL ? 0.8 : 0.65;
  const speed = { what: `MB/s of gate, receipt beside tusd on ${cores} cores`, unit: " ×", atLeast };
  const work = { what: "CPU of gate, receipt", unit: " s/GB", atMost: 2.6 };
  return [judge(speed, ratio(gate, of("tusd"), "mbPerSecond")), judge(work, gate?.cpuSecondsPerGb ?? null)];
}
