/**
 * Rows: what permissions, shares, a key of its own for each upload and the audit cost. One gate with a flow that asks for nothing, one with a
 * flow that asks for everything, and, where it is named, an earlier gate with the first flow; by turns.
 */
import { loadavg } from "node:os";
import { type Bench, type Place, removeLargeFiles } from "../bench.ts";
import type { RowResult } from "../measure/figure.ts";
import { formOf, lengthOf, rawBody } from "../senders/bytes.ts";
import { noisePng } from "../senders/png.ts";
import { sendBody } from "../senders/send-body.ts";
import { runLoad } from "../senders/wrk.ts";
import { type BenchFlow, type GateServer, startGate } from "../servers/gate.ts";
import { startNginxService } from "../servers/nginx.ts";
import type { Server } from "../servers/server.ts";
import {
  type Comparison,
  type Contestant,
  compare,
  figuresOf,
  measureByTurns,
  type Sample,
} from "./by-turns.ts";
import { imageFlow, rawFlow, withEverythingOn } from "./flows.ts";

const MB = 1e6;
const MIB = 1024 * 1024;
const FILE_BYTES = 10_000;
const SMALL_ROOM_BYTES = 4e9;
/** Until a just-in-time compiler has settled: by requests, since a busy machine gets fewer of them done in a second. */
const WARM_UP_REQUESTS = 8_000;
const WARM_UP_RUN_SECONDS = 2;
const WARM_UP_RUNS_MAX = 12;
const WITHOUT = "nothing on";
const WITH = "everything on";
const EARLIER = "earlier gate";
/** What issue 4 allows. */
const AT_MOST = 1.1;

/** Forms with a 10 KB image, on one connection or on many. */
export async function measureSmallWithEverythingOn(bench: Bench, connections: number): Promise<RowResult> {
  const place = bench.makePlace(SMALL_ROOM_BYTES);
  const service = await startNginxService(place.folder);
  const flow = imageFlow("images", "/images", { deliver: "receipt", mode: "enforce" });
  const gates = await startGates(bench, { place, service, flow, row: `everything-on-${connections}` });
  const [seconds, rounds] = bench.options.isQuick ? [1, 2] : [3, 9];
  const form = formOf(noisePng(FILE_BYTES), "picture.png", "image/png");
  const load = { connections, form, folder: place.folder, path: "/images" };
  const send = ({ port, apiKey }: GateServer, runSeconds: number) =>
    runLoad({ ...load, port, seconds: runSeconds, ...credentials(apiKey) });
  const runsMax = bench.options.isQuick ? 1 : WARM_UP_RUNS_MAX;
  for (const { gate } of gates) await warmUp((runSeconds) => send(gate, runSeconds), runsMax);
  const contestants = gates.map(({ subject, gate }): Contestant => {
    const measure = async (): Promise<Sample> => {
      const { result, cpuSeconds, peakMb } = await watched(gate, () => send(gate, seconds));
      const cpuSecondsPerThousand = cpuSeconds / (result.requests / 1000);
      const { p50Ms, p99Ms } = result;
      return { perSecond: result.requests / result.seconds, cpuSecondsPerThousand, p50Ms, p99Ms, peakMb };
    };
    return { subject, measure };
  });
  const wall: Comparison =
    connections === 1
      ? { what: "p50", key: "p50Ms", atMost: AT_MOST }
      : { what: "time for as many", key: "perSecond", isGain: true, atMost: AT_MOST };
  const title = `10 KB form, receipt, ${connections} connection${connections === 1 ? "" : "s"}, ${place.medium}, ${rounds} rounds of ${seconds} s`;
  const cpu: Comparison = { what: "CPU", key: "cpuSecondsPerThousand", atMost: AT_MOST };
  return finish(bench, {
    row: `everything-${connections}`,
    title,
    place,
    service,
    gates,
    contestants,
    rounds,
    comparisons: [wall, cpu],
  });
}

/** 1 GiB as a raw body. */
export async function measureLargeWithEverythingOn(bench: Bench): Promise<RowResult> {
  const fileBytes = (bench.options.isQuick ? 64 : 1024) * MIB;
  const place = bench.makePlace(3 * fileBytes);
  const service = await startNginxService(place.folder);
  const flow = rawFlow("receipts", "/receipt/{name}", "receipt");
  const gates = await startGates(bench, { place, service, flow, row: "everything-on-large" });
  const rounds = bench.options.isQuick ? 2 : 7;
  const body = rawBody(fileBytes);
  const warmUp = rawBody(64 * MIB);
  let sent = 0;
  const send = ({ port, apiKey }: GateServer, one: typeof body): Promise<number> => {
    const key = { "X-API-Key": apiKey ?? "", "Idempotency-Key": `${process.pid}-${Date.now()}-${sent++}` };
    const headers = apiKey === null ? {} : key;
    return sendBody({ port, method: "PUT", path: "/receipt/one", body: one, headers });
  };
  for (const { gate } of gates) await send(gate, warmUp);
  const contestants = gates.map(({ subject, gate }): Contestant => {
    const measure = async (): Promise<Sample> => {
      const { result, cpuSeconds, peakMb } = await watched(gate, () => send(gate, body));
      removeLargeFiles(place.folder, MB);
      const bytes = lengthOf(body);
      return { mbPerSecond: bytes / MB / result, cpuSecondsPerGb: cpuSeconds / (bytes / 1e9), peakMb };
    };
    return { subject, measure };
  });
  const comparisons: Comparison[] = [
    { what: "time", key: "mbPerSecond", isGain: true, atMost: AT_MOST },
    { what: "CPU", key: "cpuSecondsPerGb", atMost: AT_MOST },
  ];
  const title = `${fileBytes / MIB} MiB raw body, receipt, ${place.medium}, ${rounds} rounds`;
  return finish(bench, {
    row: "everything-large",
    title,
    place,
    service,
    gates,
    contestants,
    rounds,
    comparisons,
  });
}

interface Gates {
  readonly place: Place;
  readonly service: Server;
  readonly flow: BenchFlow;
  readonly row: string;
}

interface NamedGate {
  readonly subject: string;
  readonly gate: GateServer;
}

async function startGates(bench: Bench, { place, service, flow, row }: Gates): Promise<NamedGate[]> {
  const { earlierProgram } = bench.options;
  const always = { folder: place.folder, upstreamPort: service.port };
  const plain = { ...always, flows: [flow], arguments: bench.gateArguments(`${row}-nothing`) };
  const asked = {
    ...always,
    flows: [withEverythingOn(flow)],
    arguments: bench.gateArguments(row),
    keyArguments: bench.programArguments(),
  };
  const gates = [
    { subject: WITHOUT, gate: await startGate(plain) },
    { subject: WITH, gate: await startGate(asked) },
  ];
  if (earlierProgram === null) return gates;
  const earlier = { ...plain, arguments: bench.programArguments(earlierProgram) };
  return [...gates, { subject: EARLIER, gate: await startGate(earlier) }];
}

/** The header that every request has, and the one that each has anew. */
function credentials(apiKey: string | null): Pick<Parameters<typeof runLoad>[0], "headers" | "fresh"> {
  if (apiKey === null) return { fresh: { header: null } };
  return { headers: { "X-API-Key": apiKey }, fresh: { header: "Idempotency-Key" } };
}

async function warmUp(
  send: (seconds: number) => Promise<{ readonly requests: number }>,
  runsMax: number,
): Promise<void> {
  let requests = 0;
  for (let run = 0; run < runsMax && requests < WARM_UP_REQUESTS; run++)
    requests += (await send(WARM_UP_RUN_SECONDS)).requests;
}

async function watched<T>(
  server: Server,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpuSeconds: number; readonly peakMb: number }> {
  server.resetPeak();
  const before = server.usage();
  const result = await work();
  await server.idle();
  const after = server.usage();
  return { result, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakMb: after.peakBytes / MB };
}

interface Measurement extends Pick<RowResult, "row" | "title"> {
  readonly place: Place;
  readonly service: Server;
  readonly gates: readonly NamedGate[];
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  readonly comparisons: readonly Comparison[];
}

async function finish(bench: Bench, measurement: Measurement): Promise<RowResult> {
  const { row, title, place, service, gates, contestants, comparisons } = measurement;
  const loadBefore = loadavg()[0] ?? 0;
  const rounds = await measureByTurns(contestants, measurement.rounds);
  for (const server of [...gates.map(({ gate }) => gate), service]) await server.stop();
  bench.removePlace(place);
  const pairs: (readonly [string, string])[] = [[WITH, WITHOUT]];
  if (rounds.has(EARLIER)) pairs.push([WITHOUT, EARLIER], [WITH, EARLIER]);
  return {
    row,
    title,
    figures: figuresOf(rounds),
    verdicts: pairs.flatMap((pair) => comparisons.map((comparison) => compare(rounds, pair, comparison))),
    notes: [
      `load of the machine at the beginning ${loadBefore.toFixed(1)}, at the end ${(loadavg()[0] ?? 0).toFixed(1)}`,
    ],
  };
}
