/**
 * One large upload after another: each server by turns, a few rounds, the middle value of each figure.
 */
import { removeLargeFiles } from "../bench.ts";
import type { Figure } from "../measure/figure.ts";
import { median } from "../measure/statistics.ts";
import { type Body, lengthOf } from "../senders/bytes.ts";
import { type Request, sendBody } from "../senders/send-body.ts";
import type { Server } from "../servers/server.ts";

const WARM_UP_BYTES = 64 * 1024 * 1024;
const MB = 1e6;
const GB = 1e9;

/** A server and how a body is sent to it. */
export interface Contestant {
  readonly subject: string;
  readonly server: Server;
  readonly request: (body: Body) => Omit<Request, "port" | "body">;
}

export interface LargeUploads {
  readonly contestants: readonly Contestant[];
  /** Makes a body whose file has so many bytes. */
  readonly makeBody: (fileBytes: number) => Body;
  readonly fileBytes: number;
  readonly rounds: number;
  /** Below it lies all that the servers store. */
  readonly folder: string;
}

interface Sample {
  readonly mbPerSecond: number;
  readonly cpuSecondsPerGb: number;
  readonly peakMb: number;
}

/** Measures; figures in the contestants' order. */
export async function measureLargeUploads(uploads: LargeUploads): Promise<Figure[]> {
  const { contestants, makeBody, fileBytes, rounds, folder } = uploads;
  const samples = new Map<Contestant, Sample[]>(contestants.map((contestant) => [contestant, []]));
  const warmUp = makeBody(Math.min(WARM_UP_BYTES, fileBytes));
  for (const contestant of contestants) await measureOne(contestant, warmUp, folder);
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, list] of samples)
      list.push(await measureOne(contestant, makeBody(fileBytes), folder));
  }
  return contestants.map((contestant) => summarise(contestant.subject, samples.get(contestant) ?? []));
}

async function measureOne({ server, request }: Contestant, body: Body, folder: string): Promise<Sample> {
  server.resetPeak();
  const before = server.usage();
  const seconds = await sendBody({ ...request(body), port: server.port, body });
  await server.idle();
  const after = server.usage();
  removeLargeFiles(folder, MB);
  const bytes = lengthOf(body);
  return {
    mbPerSecond: bytes / MB / seconds,
    cpuSecondsPerGb: (after.cpuSeconds - before.cpuSeconds) / (bytes / GB),
    peakMb: after.peakBytes / MB,
  };
}

function summarise(subject: string, samples: readonly Sample[]): Figure {
  return {
    subject,
    mbPerSecond: median(samples.map((sample) => sample.mbPerSecond)),
    cpuSecondsPerGb: median(samples.map((sample) => sample.cpuSecondsPerGb)),
    peakMb: Math.max(...samples.map((sample) => sample.peakMb)),
  };
}
