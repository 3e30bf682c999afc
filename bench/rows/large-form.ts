/**
 * Row: 1 GiB as a form, delivered by receipt, beside FastAPI's `UploadFile` copied to a file.
 */
import type { Bench } from "../bench.ts";
import { judge, type RowResult, ratio } from "../measure/figure.ts";
import { multipartBody } from "../senders/bytes.ts";
import { startFastApis } from "../servers/fastapi.ts";
import { startGate } from "../servers/gate.ts";
import { startSink } from "../servers/sink.ts";
import { formFlow } from "./flows.ts";
import { type Contestant, measureLargeUploads } from "./large-uploads.ts";

const MIB = 1024 * 1024;
const FLOWS = [formFlow("receipts", "/receipt", "receipt"), formFlow("forwards", "/forward", "forward")];

export async function measureLargeForm(bench: Bench): Promise<RowResult> {
  const fileBytes = (bench.options.isQuick ? 64 : 1024) * MIB;
  const place = bench.makePlace(4 * fileBytes);
  const sink = await startSink(place.folder);
  const fastApis = await startFastApis(place.folder);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: sink.port,
    flows: FLOWS,
    arguments: bench.gateArguments("large-form"),
  });
  const post = (path: string) => () => ({ method: "POST", path });
  const contestants: Contestant[] = [
    ...fastApis.peers.map(({ dress, server }) => ({
      subject: `FastAPI UploadFile, ${dress}`,
      server,
      request: post("/multipart"),
    })),
    { subject: "gate, receipt", server: gate, request: post("/receipt") },
    { subject: "gate, forward", server: gate, request: post("/forward") },
  ];
  const rounds = bench.options.isQuick ? 1 : 3;
  const uploads = { contestants, makeBody: multipartBody, fileBytes, rounds, folder: place.folder };
  const figures = await measureLargeUploads(uploads);
  for (const server of [gate, ...fastApis.peers.map((peer) => peer.server), sink]) await server.stop();
  bench.removePlace(place);
  return {
    row: "large-form",
    title: `${fileBytes / MIB} MiB form, ${place.medium}, ${rounds} rounds`,
    figures,
    verdicts: judgeRow(figures),
    notes: fastApis.notes,
  };
}

function judgeRow(figures: RowResult["figures"]): RowResult["verdicts"] {
  const gate = figures.find((figure) => figure.subject === "gate, receipt");
  const peers = figures.filter((figure) => figure.subject.startsWith("FastAPI"));
  return peers.flatMap((peer) => {
    const speed = { what: `MB/s of gate, receipt beside ${peer.subject}`, unit: " ×", atLeast: 2 };
    const work = { what: `CPU of gate, receipt beside ${peer.subject}`, unit: " ×", atMost: 0.6 };
    return [
      judge(speed, ratio(gate, peer, "mbPerSecond")),
      judge(work, ratio(gate, peer, "cpuSecondsPerGb")),
    ];
  });
}
