/**
 * Row: what it costs to tell and to remember each request. One gate with its log and its history off, one with log, metrics and history as they are by themselves, and one that also sends
 * every trace to a collector; by turns.
 */
import { loadavg } from "node:os";
import type { Bench } from "../bench.ts";
import type { RowResult } from "../measure/figure.ts";
import { formOf } from "../senders/bytes.ts";
import { noisePng } from "../senders/png.ts";
import { runLoad } from "../senders/wrk.ts";
import { type GateServer, startGate } from "../servers/gate.ts";
import { startNginxService } from "../servers/nginx.ts";
import { startSink } from "../servers/sink.ts";
import {
  type Comparison,
  type Contestant,
  compare,
  figuresOf,
  measureByTurns,
  type Sample,
} from "./by-turns.ts";
import { imageFlow } from "./flows.ts";

const MB = 1e6;
const FILE_BYTES = 10_000;
const ROOM_BYTES = 4e9;
const WARM_UP_SECONDS = 2;
const WARM_UP_RUNS = 6;
const OFF = "signals off";
const ON = "signals on";
const WITH_COLLECTOR = "signals and OTLP";
/** What issue 6 allows: throughput falls by at most 5 %. */
const AT_MOST = 1.05;

interface NamedGate {
  readonly subject: string;
  readonly gate: GateServer;
}

/** Forms with a 10 KB image, on one connection or on many. */
export async function measureSignals(bench: Bench, connections: number): Promise<RowResult> {
  const place = bench.makePlace(ROOM_BYTES);
  const service = await startNginxService(place.folder);
  const collector = await startSink(place.folder);
  const gates = await startGates(bench, place.folder, { service: service.port, collector: collector.port });
  const [seconds, rounds, warmUps] = bench.options.isQuick ? [1, 2, 1] : [3, 15, WARM_UP_RUNS];
  const form = formOf(noisePng(FILE_BYTES), "picture.png", "image/png");
  const send = ({ port }: GateServer, runSeconds: number) =>
    runLoad({ connections, form, folder: place.folder, path: "/images", port, seconds: runSeconds });
  for (const { gate } of gates) {
    for (let run = 0; run < warmUps; run++) await send(gate, WARM_UP_SECONDS);
  }
  const contestants = gates.map(
    ({ subject, gate }): Contestant => ({
      subject,
      measure: () => measureRound(gate, () => send(gate, seconds)),
    }),
  );
  const loadBefore = loadavg()[0] ?? 0;
  const measured = await measureByTurns(contestants, rounds);
  for (const server of [...gates.map(({ gate }) => gate), service, collector]) await server.stop();
  bench.removePlace(place);
  return {
    row: `signals-${connections}`,
    title: `10 KB form, receipt, ${connections} connection${connections === 1 ? "" : "s"}, ${place.medium}, ${rounds} rounds of ${seconds} s`,
    figures: figuresOf(measured),
    verdicts: [ON, WITH_COLLECTOR].flatMap((subject) =>
      COMPARISONS.map((comparison) => compare(measured, [subject, OFF], comparison)),
    ),
    notes: [
      `load of the machine at the beginning ${loadBefore.toFixed(1)}, at the end ${(loadavg()[0] ?? 0).toFixed(1)}`,
    ],
  };
}

const COMPARISONS: readonly Comparison[] = [
  { what: "time for as many", key: "perSecond", isGain: true, atMost: AT_MOST },
  { what: "CPU", key: "cpuSecondsPerThousand", atMost: AT_MOST },
];

async function startGates(
  bench: Bench,
  folder: string,
  ports: { readonly service: number; readonly collector: number },
): Promise<NamedGate[]> {
  const flow = imageFlow("images", "/images", { deliver: "receipt", mode: "enforce" });
  const otlp = `otlp: { endpoint: "http://127.0.0.1:${ports.collector}", traces: 100 % }`;
  const signals: readonly (readonly [string, string])[] = [
    [OFF, "{ log: off, metrics: false, history: false }"],
    [ON, "{ log: stdout, metrics: true, history: true }"],
    [WITH_COLLECTOR, `{ log: stdout, metrics: true, history: true, ${otlp} }`],
  ];
  const gates: NamedGate[] = [];
  for (const [index, [subject, written]] of signals.entries()) {
    const gate = await startGate({
      folder,
      upstreamPort: ports.service,
      flows: [flow],
      arguments: bench.gateArguments(`signals-${index}`),
      signals: written,
    });
    gates.push({ subject, gate });
  }
  return gates;
}

async function measureRound(gate: GateServer, work: () => ReturnType<typeof runLoad>): Promise<Sample> {
  gate.resetPeak();
  const before = gate.usage();
  const result = await work();
  await gate.idle();
  const after = gate.usage();
  return {
    perSecond: result.requests / result.seconds,
    cpuSecondsPerThousand: (after.cpuSeconds - before.cpuSeconds) / (result.requests / 1000),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    peakMb: after.peakBytes / MB,
  };
}
