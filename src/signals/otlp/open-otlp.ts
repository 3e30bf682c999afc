/**
 * Sends traces and metrics to a collector by OTLP over HTTP, through OpenTelemetry's own exporters. This folder alone loads them, and only where
 * the settings name a collector.
 *
 * Always holds: bounded queues, sent in the background; a collector that is away costs spans, told once a minute in the log, and never a request. Headers with secrets come
 * from the environment (`OTEL_EXPORTER_OTLP_HEADERS`), which the exporters read themselves.
 */
import { hostname } from "node:os";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../log.ts";
import type { RequestSignal, SignalSink } from "../request-signal.ts";
import type { RouteOf } from "./request-attributes.ts";
import { countRequests } from "./request-metrics.ts";
import { isSampled, requestSpan } from "./request-span.ts";

const SPANS_WAITING_MAX = 2048;
const SPANS_A_BATCH = 512;
const SPANS_EVERY_MS = 2_000;
const EXPORT_MS_MAX = 5_000;
const CLOSE_MS_MAX = 3_000;
const TELL_AGAIN_MS = 60_000;
/** `ExportResultCode.SUCCESS` of OpenTelemetry's core. */
const SUCCESS = 0;

/** Where the collector is, how much it gets, and who sends it. */
export interface OtlpOptions {
  /** Base URL of OTLP over HTTP: `/v1/traces` and `/v1/metrics` are added. */
  readonly endpoint: string;
  /** Share of requests whose trace is sent, from 0 to 1; those that failed are sent whatever it is. */
  readonly tracesShare: number;
  readonly metricsEveryMs: number;
  /** `deployment.environment.name`; `null` where not told. */
  readonly environment: string | null;
  /** Version of the gate. */
  readonly version: string;
  readonly routeOf: RouteOf;
  readonly log: Pick<Log, "warn">;
}

export interface OtlpSink extends SignalSink {
  /** Sends what waits, for at most three seconds. */
  close(): Promise<void>;
}

/** Never fails for a collector that is away. */
export function openOtlp(options: OtlpOptions): OtlpSink {
  const { endpoint, tracesShare, metricsEveryMs, environment, version, routeOf, log } = options;
  const resource = resourceFromAttributes({
    "service.name": "sluicegate",
    "service.version": version,
    "service.instance.id": `${hostname()}:${process.pid}`,
    ...(environment === null ? {} : { "deployment.environment.name": environment }),
  });
  const tell = onceAMinute((what, error) =>
    log.warn({ err: error, endpoint }, `${what} could not be sent to the collector`),
  );
  const at = (path: string) => ({
    url: `${endpoint.replace(/\/+$/, "")}${path}`,
    timeoutMillis: EXPORT_MS_MAX,
  });
  const spans = new BatchSpanProcessor({
    exporter: telling(new OTLPTraceExporter(at("/v1/traces")), "traces", tell),
    maxQueueSize: SPANS_WAITING_MAX,
    maxExportBatchSize: SPANS_A_BATCH,
    scheduledDelayMillis: SPANS_EVERY_MS,
    exportTimeoutMillis: EXPORT_MS_MAX,
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: telling(new OTLPMetricExporter(at("/v1/metrics")), "metrics", tell),
        exportIntervalMillis: metricsEveryMs,
        exportTimeoutMillis: Math.min(EXPORT_MS_MAX, metricsEveryMs),
      }),
    ],
  });
  const count = countRequests(meters.getMeter("sluicegate", version), routeOf);
  return {
    take: (signal: RequestSignal) => {
      count(signal);
      if (isSampled(signal, tracesShare)) spans.onEnd(requestSpan(signal, resource, routeOf));
    },
    close: () => within(CLOSE_MS_MAX, Promise.allSettled([spans.shutdown(), meters.shutdown()])),
  };
}

type Tell = (what: string, error: unknown) => void;

/** The exporter itself, which also says what it could not send. */
function telling<Exporter extends SpanExporter | PushMetricExporter>(
  exporter: Exporter,
  what: string,
  tell: Tell,
): Exporter {
  const send = exporter.export.bind(exporter) as (
    items: unknown,
    done: (result: { readonly code: number; readonly error?: Error }) => void,
  ) => void;
  return Object.assign(exporter, {
    export: (items: unknown, done: Parameters<typeof send>[1]) =>
      send(items, (result) => {
        if (result.code !== SUCCESS) tell(what, result.error);
        done(result);
      }),
  });
}

function onceAMinute(tell: Tell): Tell {
  let silentUntil = Number.NEGATIVE_INFINITY;
  return (what, error) => {
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + TELL_AGAIN_MS;
    tell(what, error);
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
