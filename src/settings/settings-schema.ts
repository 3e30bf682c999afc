/**
 * The schema of sluicegate.yaml: every key that the design knows, what is built of it, and the sentence for what is not.
 */
import type { z } from "zod";
import { BYTE_RATE_PATTERN, formatByteRate, readByteRate } from "../setup/byte-rate.ts";
import { PERCENTAGE_PATTERN, readPercentage } from "../setup/percentage.ts";
import { durationIn, quantityIn, sizeIn } from "../setup/ranges.ts";
import { describeWritten, misread, type Reading, read, readDistinct } from "../setup/reading.ts";
import { group, namedGroup, notBuilt, text, value, wholeNumber, word, yesNo } from "../setup/schema.ts";
import { readIssuer, readListenAddress, readNetwork, readOrigin } from "./address.ts";
import { callersSchema } from "./callers-schema.ts";
import { tlsSchema } from "./tls-schema.ts";

/** What holds where the settings say nothing. Times in milliseconds, sizes in bytes, paths relative to the file. */
export const DEFAULTS = {
  publicAddress: { host: "127.0.0.1", port: 8080 },
  operatorAddress: { host: "127.0.0.1", port: 8081 },
  flows: "flows",
  records: "data/records.sqlite",
  storage: "data",
  keys: "data/keys",
  receiptLifetimeMs: 3_600_000,
  upstreamTimeoutMs: 30_000,
  connections: 1000,
  uploads: 200,
  requestHeaderBytesMax: 16 * 1024,
  idleMs: 60_000,
  bodyBytesPerSecondMin: 256,
  headersMs: 30_000,
  stopGraceMs: 15_000,
  recordsKeptMs: 90 * 86_400_000,
  tracesPercent: 10,
  metricsEveryMs: 15_000,
} as const;

/** Names of upstreams, as flows write them. */
export const UPSTREAM_NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_-]{0,62}$";

const path = (description: string): z.ZodOptional<z.ZodType<string>> =>
  text("write a path; relative ones count from this file's folder.", description, 4096).optional();

const duration = (description: string, min: number, max: number) =>
  durationIn({ description, min, max, example: "30s" }).optional();

const size = (description: string, min: number, max: number) =>
  sizeIn({ description, min, max, example: "16 KiB" }).optional();

const listenAddress = (example: string) =>
  value(readListenAddress, `write an address: { address: "${example}" }.`, {
    description: "Host and port.",
    type: "string",
    examples: [example],
  });

const publicListener = group(
  { address: listenAddress("127.0.0.1:8080"), tls: tlsSchema },
  'write { address: "127.0.0.1:8080" }.',
  "Where clients come in; 127.0.0.1:8080 where left out.",
).optional();

const operatorListener = group(
  {
    address: listenAddress("127.0.0.1:8081"),
    tls: notBuilt("remove it; the operator comes in over the loopback address."),
  },
  'write { address: "127.0.0.1:8081" }.',
  "Where the operator comes in; 127.0.0.1:8081 where left out.",
).optional();

const upstream = group(
  {
    url: value(readOrigin, "write where the service is: url: http://127.0.0.1:8000.", {
      description: "Where the service is: scheme, host and port.",
      type: "string",
      examples: ["http://127.0.0.1:8000", "env:SERVICE_URL"],
    }),
    "pass-through": yesNo(
      "Whether requests that no flow matches go on to this service; false where left out.",
    ).optional(),
    timeout: duration(
      "The longest wait for the service's answer, and between its bytes; 30s where left out.",
      10,
      86_400_000,
    ),
  },
  "write { url: http://127.0.0.1:8000 }.",
  "One service.",
);

const records = group(
  {
    driver: word("The database.", {
      built: { sqlite: "A file on this machine." },
      notBuilt: { postgres: "write driver: sqlite." },
    }).optional(),
    path: path("The database file; data/records.sqlite where left out."),
    "url-from": notBuilt("remove it; it belongs to driver: postgres."),
    keep: duration(
      "How long records of finished uploads are kept; 90d where left out.",
      3_600_000,
      3650 * 86_400_000,
    ),
  },
  "write { driver: sqlite, path: data/records.sqlite }.",
  "What is remembered of uploads.",
).optional();

const storage = group(
  {
    driver: word("The store.", {
      built: { disk: "A folder on this machine." },
      notBuilt: { s3: "write driver: disk." },
    }).optional(),
    path: path("The folder of quarantine and store, on one file system; data where left out."),
    bucket: notBuilt("remove it; it belongs to driver: s3."),
    endpoint: notBuilt("remove it; it belongs to driver: s3."),
    region: notBuilt("remove it; it belongs to driver: s3."),
  },
  "write { driver: disk, path: data }.",
  "Where the bytes are.",
).optional();

const receipts = group(
  {
    issuer: value(readIssuer, "write the gate's own URL.", {
      description: "The gate's own URL as services reach it; made of listen.public where left out.",
      type: "string",
      examples: ["https://uploads.example.com"],
    }).optional(),
    keys: path("The folder of signing keys, made at the first start; data/keys where left out."),
    lifetime: duration("How long a receipt is valid; 1h where left out.", 1000, 7 * 86_400_000),
  },
  "write { issuer: https://uploads.example.com }.",
  "Receipts.",
).optional();

const limits = group(
  {
    connections: wholeNumber(1, 1_000_000, "Connections open at once; 1000 where left out.").optional(),
    uploads: wholeNumber(1, 1_000_000, "Uploads received at once; 200 where left out.").optional(),
    "request-headers": size("All headers of a request together; 16 KiB where left out.", 1024, 1024 * 1024),
    idle: duration("No byte for so long ends a request; 60s where left out.", 10, 3_600_000),
    "min-rate": quantityIn(
      {
        description: "The least that a body must bring on average; 256 B/s where left out.",
        min: 1,
        max: 1_000_000_000,
        example: "256 B/s",
      },
      readByteRate,
      formatByteRate,
      { noun: "a byte rate", pattern: BYTE_RATE_PATTERN },
    ).optional(),
    headers: duration("So long may all headers of a request take; 30s where left out.", 10, 3_600_000),
    stop: duration(
      "So long may what runs go on when the gate is told to stop; 15s where left out.",
      0,
      3_600_000,
    ),
  },
  "write { uploads: 200 }.",
  "What the gate takes on at most.",
).optional();

const otlp = group(
  {
    endpoint: value(readCollector, "write the collector's base URL, such as http://127.0.0.1:4318.", {
      description:
        "Base URL of an OpenTelemetry collector that takes OTLP over HTTP; /v1/traces and /v1/metrics are added. Headers with secrets: OTEL_EXPORTER_OTLP_HEADERS in the environment.",
      type: "string",
      examples: ["http://127.0.0.1:4318"],
    }),
    traces: value(readPercentage, "write a percentage such as 10 %.", {
      description:
        "The share of requests whose trace is sent; 10 % where left out. Requests that failed are always sent.",
      type: "string",
      pattern: PERCENTAGE_PATTERN,
      examples: ["10 %"],
    }).optional(),
    "metrics-every": duration("How often metrics are sent; 15s where left out.", 1000, 3_600_000),
    environment: text(
      "write production, staging or the like.",
      "The deployment.environment.name that everything sent carries.",
    ).optional(),
  },
  "write { endpoint: http://127.0.0.1:4318 }.",
  "Traces and metrics for OpenTelemetry.",
);

const signals = group(
  {
    otlp: otlp.optional(),
    log: word("Where log lines go; stdout where left out.", {
      built: { stdout: "To standard output.", stderr: "To standard error.", off: "Nowhere." },
    }).optional(),
    metrics: yesNo("Whether the operator's port answers /metrics; true where left out.").optional(),
    "server-timing": yesNo("Whether answers tell clients the gate's times; false where left out.").optional(),
    history: yesNo(
      "Whether the gate remembers its traffic, for the console and for judging deployments; true where left out.",
    ).optional(),
  },
  "write { log: stdout }.",
  "What the gate tells.",
).optional();

/** sluicegate.yaml, key by key. */
export const settingsSchema = group(
  {
    listen: group(
      {
        public: publicListener,
        operator: operatorListener,
      },
      'write { public: { address: "127.0.0.1:8080" } }.',
      "Where the gate listens.",
    ).optional(),
    flows: path("The folder of the flows; flows where left out."),
    upstreams: namedGroup(
      upstream,
      "write service: { url: http://127.0.0.1:8000 }.",
      "The services, by name.",
      {
        type: "string",
        pattern: UPSTREAM_NAME_PATTERN,
        description: "Name of the service, as flows write it.",
      },
    ).optional(),
    records,
    storage,
    receipts,
    callers: callersSchema,
    "trust-proxy": value(readNetworks, "write [] or addresses.", {
      description: "Addresses and networks of proxies whose Forwarded headers count; none where left out.",
      type: "array",
      items: { type: "string", examples: ["10.0.0.0/8"] },
    }).optional(),
    limits,
    signals,
  },
  "",
  "Infrastructure of the gate, and nothing about content.",
);

export type WrittenSettings = z.output<typeof settingsSchema>;

function readNetworks(written: unknown): Reading<readonly string[]> {
  if (!Array.isArray(written)) {
    return misread(`expected a list of addresses and networks, found ${describeWritten(written)}.`);
  }
  return readDistinct(written, readNetwork);
}

function readCollector(written: unknown): Reading<string> {
  const url = typeof written === "string" && URL.canParse(written) ? new URL(written) : null;
  const isPlain = url !== null && url.username === "" && url.password === "" && url.search === "";
  if (url === null || !isPlain || !["http:", "https:"].includes(url.protocol))
    return misread(
      `expected an http or https URL without a user, a password or a query, found ${describeWritten(written)}.`,
    );
  return read(url.href.replace(/\/+$/, ""));
}
