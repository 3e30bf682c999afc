/**
 * Many small requests at once: each server by turns, a few rounds, the middle value of each figure.
 */
import type { Figure } from "../measure/figure.ts";
import { median } from "../measure/statistics.ts";
import { type Load, runLoad } from "../senders/wrk.ts";
import type { Server } from "../servers/server.ts";

const MB = 1e6;
/** Until a just-in-time compiler has settled: by requests, since a busy machine gets fewer of them done in a second. */
const WARM_UP_REQUESTS = 15_000;
const WARM_UP_SECONDS = 2;
const WARM_UP_RUNS_MAX = 5;

/** A server and the path that is asked for. */
export interface Contestant {
  readonly subject: string;
  readonly server: Server;
  readonly path: string;
}

export interface ManyRequests {
  readonly contestants: readonly Contestant[];
  readonly load: Omit<Load, "port" | "path">;
  readonly rounds: number;
}

type Sample = Required<Pick<Figure, "perSecond" | "cpuSecondsPerThousand" | "p50Ms" | "p99Ms" | "peakMb">>;

/** Measures; figures in the contestants' order. */
export async function measureManyRequests({ contestants, load, rounds }: ManyRequests): Promise<Figure[]> {
  const samples = new Map<Contestant, Sample[]>(contestants.map((contestant) => [contestant, []]));
  for (const contestant of contestants) await warmUp(contestant, load);
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, list] of samples) list.push(await measureOne(contestant, load));
  }
  return contestants.map((contestant) => summarise(contestant.subject, samples.get(contestant) ?? []));
}

async function warmUp({ server, path }: Contestant, load: ManyRequests["load"]): Promise<void> {
  let requests = 0;
  for (let run = 0; run < WARM_UP_RUNS_MAX && requests < WARM_UP_REQUESTS; run++) {
    const result = await runLoad({ ...load, seconds: WARM_UP_SECONDS, port: server.port, path });
    requests += result.requests;
  }
  await server.idle();
}

async function measureOne({ server, path }: Contestant, load: ManyRequests["load"]): Promise<Sample> {
  server.resetPeak();
  const before = server.usage();
  const result = await runLoad({ ...load, port: server.port, path });
  await server.idle();
  const after = server.usage();
  return {
    perSecond: result.requests / result.seconds,
    cpuSecondsPerThousand: (after.cpuSeconds - before.cpuSeconds) / (result.requests / 1000),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    peakMb: after.peakBytes / MB,
  };
}

function summarise(subject: string, samples: readonly Sample[]): Figure {
  const middle = (key: keyof Sample): number => median(samples.map((sample) => sample[key]));
  return {
    subject,
    perSecond: middle("perSecond"),
    cpuSecondsPerThousand: middle("cpuSecondsPerThousand"),
    p50Ms: middle("p50Ms"),
    p99Ms: middle("p99Ms"),
    peakMb: Math.max(...samples.map((sample) => sample.peakMb)),
  };
}
