/**
 * Rows: what permissions, shares, a key of its own for each upload and the audit cost. One gate with a flow that asks for nothing, one with a
 * flow that asks for everything, and, where it is named, an earlier gate with the first flow; by turns.
 */
import { loadavg } from "node:os";
import { type Bench, type Place, removeLargeFiles } from "../bench.ts";
import type { RowResult } from "../measure/figure.ts";
import { formOf, lengthOf, rawBody } from "../senders/bytes.ts";
import type { Form } from "../senders/one-by-one.ts";
import { noisePng } from "../senders/png.ts";
import { sendBody } from "../senders/send-body.ts";
import { type BenchFlow, type GateServer, startGate } from "../servers/gate.ts";
import { startNginxService } from "../servers/nginx.ts";
import type { Server } from "../servers/server.ts";
import {
  type Comparison,
  type Contestant,
  compare,
  figuresOf,
  inTurn,
  measureByTurns,
  type Rounds,
  type Sample,
} from "./by-turns.ts";
import { imageFlow, rawFlow, withEverythingOn } from "./flows.ts";
import { measureByForms } from "./forms-by-turns.ts";

const MB = 1e6;
const MIB = 1024 * 1024;
const FILE_BYTES = 10_000;
const SMALL_ROOM_BYTES = 4e9;
const ROUNDS = 7;
/** In forms, first until a just-in-time compiler has settled. */
const ONE_BY_ONE = { warmUp: 1500, turns: 1500, forms: 1 };
/** Several forms over each connection in each turn: a turn of one each would end with most connections waiting for the last. */
const TOGETHER = { warmUp: 16, turns: 20, forms: 8 };
/** As long as one of the gate's. */
const NO_KEY = `sgk_${"0".repeat(12)}_${"0".repeat(43)}`;
const WITHOUT = "nothing on";
const WITH = "everything on";
const EARLIER = "earlier gate";
/** What issue 4 allows. */
const AT_MOST = 1.1;

/**
 * Forms with a 10 KB image, on one connection or on many, by turns. Each round is of gates that were started anew: two processes of the same program
 * differ by some per cent for as long as they live.
 */
export async function measureSmallWithEverythingOn(bench: Bench, connections: number): Promise<RowResult> {
  const { isQuick } = bench.options;
  const place = bench.makePlace(SMALL_ROOM_BYTES);
  const service = await startNginxService(place.folder);
  const loadBefore = loadavg()[0] ?? 0;
  const plan = connections === 1 ? ONE_BY_ONE : TOGETHER;
  const turns = { turns: isQuick ? 4 : plan.turns, connections, forms: plan.forms };
  const count = isQuick ? 1 : ROUNDS;
  const form = { ...formOf(noisePng(FILE_BYTES), "picture.png", "image/png"), path: IMAGES.path };
  const rounds = new Map<string, Sample[]>();
  for (let round = 0; round < count; round++) {
    const gates = await startGates(bench, {
      place,
      service,
      flow: IMAGES,
      row: `everything-on-${connections}`,
    });
    const sent = inTurn(gates, round).map((each) => ({
      ...each,
      form: { ...form, ...headersFor(each.gate) },
    }));
    for (const { subject, ...sample } of await measureByForms(sent, turns, isQuick ? 4 : plan.warmUp))
      rounds.set(subject, [...(rounds.get(subject) ?? []), sample]);
    for (const { gate } of gates) await gate.stop();
  }
  await service.stop();
  bench.removePlace(place);
  const pace = connections === 1 ? "one after another" : `${connections} connections`;
  const title = `10 KB form, receipt, ${pace}, ${place.medium}, ${count} rounds of ${turns.turns} turns`;
  const comparisons: Comparison[] = [
    { what: connections === 1 ? "p50" : "time for as many", key: "p50Ms", atMost: AT_MOST },
    { what: "CPU", key: "cpuSecondsPerThousand", atMost: AT_MOST },
  ];
  return resultOf({ row: `everything-${connections}`, title, rounds, comparisons, loadBefore });
}

const IMAGES = imageFlow("images", "/images", { deliver: "receipt", mode: "enforce" });

let formsMade = 0;

/** The same headers for every gate: a client that has a key sends it whether or not it is asked for. */
function headersFor({ port, apiKey }: GateServer): Pick<Form, "port" | "headers"> {
  const headers = (): Readonly<Record<string, string>> => ({
    "x-api-key": apiKey ?? NO_KEY,
    "idempotency-key": `${process.pid}-${formsMade++}`,
  });
  return { port, headers };
}

/** 1 GiB as a raw body. */
export async function measureLargeWithEverythingOn(bench: Bench): Promise<RowResult> {
  const fileBytes = (bench.options.isQuick ? 64 : 1024) * MIB;
  const place = bench.makePlace(3 * fileBytes);
  const service = await startNginxService(place.folder);
  const flow = rawFlow("receipts", "/receipt/{name}", "receipt");
  const gates = await startGates(bench, { place, service, flow, row: "everything-on-large" });
  const count = bench.options.isQuick ? 2 : 7;
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
  const loadBefore = loadavg()[0] ?? 0;
  const rounds = await measureByTurns(contestants, count);
  for (const server of [...gates.map(({ gate }) => gate), service]) await server.stop();
  bench.removePlace(place);
  const title = `${fileBytes / MIB} MiB raw body, receipt, ${place.medium}, ${count} rounds`;
  return resultOf({ row: "everything-large", title, rounds, comparisons, loadBefore });
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

interface Measured extends Pick<RowResult, "row" | "title"> {
  readonly rounds: Rounds;
  readonly comparisons: readonly Comparison[];
  readonly loadBefore: number;
}

function resultOf({ row, title, rounds, comparisons, loadBefore }: Measured): RowResult {
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
