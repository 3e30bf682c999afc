/**
 * Row: what it costs to tell and to remember each request. One gate with its log and its history off, one with log, metrics and history as they are by themselves, and two that also send to
 * a collector, a share of the traces or all; by turns.
 */
import { loadavg } from "node:os";
import type { Bench } from "../bench.ts";
import { type Figure, judge, type RowResult, ratio, type Verdict } from "../measure/figure.ts";
import { formOf } from "../senders/bytes.ts";
import { noisePng } from "../senders/png.ts";
import { type GateServer, startGate } from "../servers/gate.ts";
import { startNginxService } from "../servers/nginx.ts";
import { startSink } from "../servers/sink.ts";
import { imageFlow } from "./flows.ts";
import { measureByForms, type SentGate } from "./forms-by-turns.ts";

const FILE_BYTES = 10_000;
const ROOM_BYTES = 4e9;
const OFF = "signals off";
const ON = "signals on";
const WITH_COLLECTOR = "and OTLP";
const WITH_ALL_TRACES = "and OTLP, all traces";
/** What issue 6 allows: throughput falls by at most 5 %. */
const AT_MOST = 1.05;

interface NamedGate {
  readonly subject: string;
  readonly gate: GateServer;
}

/** Forms with a 10 KB image, one at a time or several together, each gate in its turn. */
export async function measureSignals(bench: Bench, atOnce: number): Promise<RowResult> {
  const place = bench.makePlace(ROOM_BYTES);
  const service = await startNginxService(place.folder);
  const collector = await startSink(place.folder);
  const gates = await startGates(bench, place.folder, { service: service.port, collector: collector.port });
  const turns = Math.ceil((bench.options.isQuick ? 400 : 4000) / atOnce);
  const form = formOf(noisePng(FILE_BYTES), "picture.png", "image/png");
  const sent = gates.map(
    ({ subject, gate }): SentGate => ({ subject, gate, form: { ...form, port: gate.port, path: "/images" } }),
  );
  const loadBefore = loadavg()[0] ?? 0;
  const figures = await measureByForms(sent, { turns, connections: atOnce }, Math.ceil(turns / 3));
  for (const server of [...gates.map(({ gate }) => gate), service, collector]) await server.stop();
  bench.removePlace(place);
  return {
    row: `signals-${atOnce}`,
    title: `10 KB form, receipt, ${atOnce === 1 ? "one after another" : `${atOnce} together`}, ${place.medium}, by turns, ${turns} turns`,
    figures,
    verdicts: [ON, WITH_COLLECTOR, WITH_ALL_TRACES].map((subject) => judgeTime(figures, subject)),
    notes: [
      `load of the machine at the beginning ${loadBefore.toFixed(1)}, at the end ${(loadavg()[0] ?? 0).toFixed(1)}`,
    ],
  };
}

/** Where one waits for the other, throughput falls as the middle time rises. */
function judgeTime(figures: readonly Figure[], subject: string): Verdict {
  const named = (name: string): Figure | undefined => figures.find((figure) => figure.subject === name);
  const target = { what: `time: ${subject} beside ${OFF}`, unit: " ×", atMost: AT_MOST };
  return judge(target, ratio(named(subject), named(OFF), "p50Ms"));
}

async function startGates(
  bench: Bench,
  folder: string,
  ports: { readonly service: number; readonly collector: number },
): Promise<NamedGate[]> {
  const flow = imageFlow("images", "/images", { deliver: "receipt", mode: "enforce" });
  const endpoint = `endpoint: "http://127.0.0.1:${ports.collector}"`;
  const signals: readonly (readonly [string, string])[] = [
    [OFF, "{ log: off, metrics: false, history: false }"],
    [ON, "{ log: stdout, metrics: true, history: true }"],
    [WITH_COLLECTOR, `{ log: stdout, metrics: true, history: true, otlp: { ${endpoint} } }`],
    [WITH_ALL_TRACES, `{ log: stdout, metrics: true, history: true, otlp: { ${endpoint}, traces: 100 % } }`],
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
