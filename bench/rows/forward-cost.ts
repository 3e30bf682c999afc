/**
 * Row: what forwarding costs a client: a form with a 1 MB file through the gate and straight to the service, by turns.
 */
import type { Bench } from "../bench.ts";
import { type Figure, judge, type RowResult, ratio } from "../measure/figure.ts";
import { median, quantile } from "../measure/statistics.ts";
import { formOf } from "../senders/bytes.ts";
import { sendByTurns } from "../senders/one-by-one.ts";
import { startFastApi } from "../servers/fastapi.ts";
import { startGate } from "../servers/gate.ts";
import type { Server } from "../servers/server.ts";
import { formFlow } from "./flows.ts";

const FILE_BYTES = 1_000_000;
const ROOM_BYTES = 1e9;
/** Small ones, for the just-in-time compiler; then some of the size that is measured. */
const WARM_UP_SMALL = 2_000;
const WARM_UP_ROUNDS = 50;
const PATH = "/multipart";

export async function measureForwardCost(bench: Bench): Promise<RowResult> {
  const place = bench.makePlace(ROOM_BYTES);
  const service = await startFastApi(place.folder);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: service.port,
    flows: [formFlow("forwards", PATH, "forward")],
    arguments: bench.gateArguments("forward-cost"),
  });
  const form = formOf(Buffer.alloc(FILE_BYTES, "sluicegate "), "data.bin", "application/octet-stream");
  const targets = [service, gate].map((server) => ({ ...form, port: server.port, path: PATH }));
  const rounds = bench.options.isQuick ? 50 : 300;
  const small = formOf(Buffer.alloc(1_000), "data.bin", "application/octet-stream");
  if (!bench.options.isQuick)
    await sendByTurns([{ ...small, port: gate.port, path: PATH }], { turns: WARM_UP_SMALL });
  await sendByTurns(targets, { turns: WARM_UP_ROUNDS });
  const before = gate.usage();
  const [straight = [], through = []] = await sendByTurns(targets, { turns: rounds });
  const after = gate.usage();
  await stopBoth(gate, service);
  bench.removePlace(place);
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  const figures = [
    figure("straight to FastAPI UploadFile", straight),
    { ...figure("through the gate, forward", through), cpuSecondsPerThousand: cpuSeconds / (rounds / 1000) },
  ];
  const target = { what: "p50 through the gate beside straight to the service", unit: " ×", atMost: 1.5 };
  return {
    row: "forward-cost",
    title: `1 MB form, one connection, ${place.medium}, ${rounds} by turns`,
    figures,
    verdicts: [judge(target, ratio(figures[1], figures[0], "p50Ms"))],
    notes: [],
  };
}

async function stopBoth(gate: Server, service: Server): Promise<void> {
  await gate.stop();
  await service.stop();
}

const figure = (subject: string, times: readonly number[]): Figure => ({
  subject,
  p50Ms: median(times),
  p99Ms: quantile(times, 0.99),
});
