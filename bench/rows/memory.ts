/**
 * Row: memory of the gate for one very large upload and for 64 large ones at once, by each protocol and each delivery, in `observe`,
 * and for a large download that passes through. A fresh gate for each case.
 */
import { truncateSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import type { Bench, Place } from "../bench.ts";
import { type Figure, judge, type RowResult, type Verdict } from "../measure/figure.ts";
import { type Body, multipartBody, rawBody } from "../senders/bytes.ts";
import { sendBody } from "../senders/send-body.ts";
import { type BenchFlow, startGate } from "../servers/gate.ts";
import { startNginxService } from "../servers/nginx.ts";
import type { Server } from "../servers/server.ts";
import { startSink } from "../servers/sink.ts";
import { formFlow, rawFlow } from "./flows.ts";

const MIB = 1024 * 1024;
const MB = 1e6;
const AT_ONCE = 64;
const WARM_UP_BYTES = 4 * MIB;

interface Sizes {
  readonly oneBytes: number;
  readonly eachBytes: number;
}

interface Case {
  readonly subject: string;
  readonly flow: BenchFlow;
  readonly path: string;
  readonly makeBody: (fileBytes: number) => Body;
}

const CASES: readonly Case[] = [
  { subject: "raw, receipt", flow: rawFlow("uploads", "/raw", "receipt"), path: "/raw", makeBody: rawBody },
  { subject: "raw, forward", flow: rawFlow("uploads", "/raw", "forward"), path: "/raw", makeBody: rawBody },
  {
    subject: "form, receipt",
    flow: formFlow("uploads", "/form", "receipt"),
    path: "/form",
    makeBody: multipartBody,
  },
  {
    subject: "form, forward",
    flow: formFlow("uploads", "/form", "forward"),
    path: "/form",
    makeBody: multipartBody,
  },
  {
    subject: "form, observe",
    flow: { ...formFlow("uploads", "/form", "forward"), mode: "observe" },
    path: "/form",
    makeBody: multipartBody,
  },
];

export async function measureMemory(bench: Bench): Promise<RowResult> {
  const sizes = sizesOf(bench);
  const figures: Figure[] = [];
  const verdicts: Verdict[] = [];
  const media = new Set<string>();
  for (const one of CASES) {
    console.error(`memory: ${one.subject} …`);
    const place = bench.makePlace(Math.max(sizes.oneBytes, AT_ONCE * sizes.eachBytes) * 1.1);
    media.add(place.medium);
    const [single, many] = [
      await peakOf(bench, place, one, [sizes.oneBytes]),
      await peakOfMany(bench, one, sizes),
    ];
    bench.removePlace(place);
    figures.push(
      { subject: `${one.subject}, one`, peakMb: single },
      { subject: `${one.subject}, ${AT_ONCE} at once`, peakMb: many },
    );
    verdicts.push(
      judge({ what: `peak of one upload, ${one.subject}`, unit: " MB", atMost: 150 }, single),
      judge(
        { what: `growth for each upload at once, ${one.subject}`, unit: " MB/upload", atMost: 1 },
        (many - single) / (AT_ONCE - 1),
      ),
    );
  }
  const download = await peakOfDownload(bench, sizes.oneBytes);
  figures.push({ subject: "download passed through, one", peakMb: download });
  verdicts.push(
    judge({ what: "peak of one download that passes through", unit: " MB", atMost: 150 }, download),
  );
  return {
    row: "memory",
    title: `peak memory: one body of ${sizes.oneBytes / MIB} MiB, ${AT_ONCE} × ${sizes.eachBytes / MIB} MiB at once, ${[...media].join(" and ")}`,
    figures,
    verdicts,
    notes: bench.options.isFull ? [] : ["with --full one body has 5 GiB, and the 64 have 256 MiB each"],
  };
}

function sizesOf({ options }: Bench): Sizes {
  if (options.isFull) return { oneBytes: 5 * 1024 * MIB, eachBytes: 256 * MIB };
  if (options.isQuick) return { oneBytes: 128 * MIB, eachBytes: 8 * MIB };
  return { oneBytes: 2048 * MIB, eachBytes: 32 * MIB };
}

async function peakOfMany(bench: Bench, one: Case, { eachBytes }: Sizes): Promise<number> {
  const place = bench.makePlace(AT_ONCE * eachBytes * 1.1);
  try {
    return await peakOf(
      bench,
      place,
      one,
      Array.from({ length: AT_ONCE }, () => eachBytes),
    );
  } finally {
    bench.removePlace(place);
  }
}

/** Peak in MB while bodies of the given sizes are sent at once to a fresh gate. */
async function peakOf(bench: Bench, place: Place, one: Case, sizes: readonly number[]): Promise<number> {
  const sink = await startSink(place.folder);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: sink.port,
    flows: [one.flow],
    arguments: bench.gateArguments("memory"),
  });
  const send = (fileBytes: number): Promise<number> =>
    sendBody({ port: gate.port, method: one.flow.method, path: one.path, body: one.makeBody(fileBytes) });
  await send(WARM_UP_BYTES);
  gate.resetPeak();
  await Promise.all(sizes.map(send));
  await gate.idle();
  return stopAndRead(gate, sink);
}

async function stopAndRead(gate: Server, service: Server): Promise<number> {
  const { peakBytes } = gate.usage();
  await gate.stop();
  await service.stop();
  return peakBytes / MB;
}

/** A sparse file that nginx serves: its content costs no room. */
async function peakOfDownload(bench: Bench, bytes: number): Promise<number> {
  const place = bench.makePlace(MB);
  const service = await startNginxService(place.folder);
  const path = join(place.folder, "nginx-downloads/files/large");
  writeFileSync(path, "");
  truncateSync(path, bytes);
  const gate = await startGate({
    folder: place.folder,
    upstreamPort: service.port,
    flows: [],
    arguments: bench.gateArguments("memory"),
  });
  await download(gate.port, bytes);
  const peakMb = await stopAndRead(gate, service);
  bench.removePlace(place);
  return peakMb;
}

function download(port: number, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: "/files/large" }, (answer) => {
      let seen = 0;
      answer.on("data", (chunk: Buffer) => {
        seen += chunk.length;
      });
      answer.once("end", () =>
        seen === bytes && answer.statusCode === 200
          ? resolve()
          : reject(new Error(`the download had status ${answer.statusCode} and ${seen} of ${bytes} bytes`)),
      );
      answer.once("error", reject);
    });
    request.once("error", reject);
  });
}
