/**
 * What the gate sends by OTLP, read by a collector with OpenTelemetry's own message types; and a collector that is away.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { startGate } from "./gate-under-test.ts";
import { PYTHON, startService } from "./service-under-test.ts";

interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly doubleValue?: number;
  };
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly status?: { readonly code?: string };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
}

interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly histogram?: {
    readonly dataPoints: readonly {
      readonly count: string;
      readonly explicitBounds: readonly number[];
      readonly attributes: readonly Attribute[];
    }[];
  };
  readonly sum?: {
    readonly dataPoints: readonly {
      readonly asInt?: string;
      readonly asDouble?: number;
      readonly attributes: readonly Attribute[];
    }[];
  };
}

interface Seen {
  readonly "/v1/traces": readonly {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
    }[];
  }[];
  readonly "/v1/metrics": readonly {
    readonly resourceMetrics: readonly {
      readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
    }[];
  }[];
  readonly faults: readonly string[];
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

const attribute = (attributes: readonly Attribute[], name: string): string | number | undefined => {
  const value = attributes.find(({ key }) => key === name)?.value;
  return value?.stringValue ?? value?.intValue ?? value?.doubleValue;
};

async function startCollector(): Promise<{
  origin: string;
  seen: () => Promise<Seen>;
  stop: () => Promise<void>;
}> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = new Child("the collector", PYTHON, [
    join(import.meta.dirname, "otlp/collector.py"),
    String(port),
  ]);
  await child.untilReady(() => answers(`${origin}/seen`));
  return {
    origin,
    seen: async () => (await (await fetch(`${origin}/seen`)).json()) as Seen,
    stop: () => child.stop(),
  };
}

const settingsFor = (endpoint: string): string =>
  `signals: { otlp: { endpoint: "${endpoint}", traces: 100 %, metrics-every: 1s, environment: staging } }`;

test("a collector gets a span and the standard metrics of each request, and whoever stops loses none", async (t) => {
  const [service, collector] = await Promise.all([startService(), startCollector()]);
  t.after(() => Promise.all([service.stop(), collector.stop()]));
  const gate = await startGate({
    upstream: service.origin,
    flows: ["raw"],
    settings: settingsFor(collector.origin),
  });
  t.after(() => gate.stop());
  const traceparent = `00-${TRACE}-${PARENT}-01`;
  const good = await fetch(`${gate.origin}/raw/one`, {
    method: "PUT",
    body: "x".repeat(2000),
    headers: { traceparent },
  });
  assert.equal(good.status, 201);
  await good.arrayBuffer();
  const refused = await fetch(`${gate.origin}/nothing`, { method: "POST", body: "x" });
  assert.equal(refused.status, 404);
  await refused.arrayBuffer();
  gate.signal("SIGTERM");
  await gate.ended();

  const seen = await collector.seen();
  assert.deepEqual(seen.faults, []);
  const spans = seen["/v1/traces"].flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
  const hex = (base64: string | undefined): string => Buffer.from(base64 ?? "", "base64").toString("hex");
  const span = spans.find(({ traceId }) => hex(traceId) === TRACE);
  assert.ok(span !== undefined, JSON.stringify(spans));
  assert.equal(hex(span.parentSpanId), PARENT);
  assert.equal(span.name, "PUT /raw/{name}");
  assert.equal(span.kind, "SPAN_KIND_SERVER");
  assert.ok(BigInt(span.endTimeUnixNano) > BigInt(span.startTimeUnixNano));
  assert.equal(attribute(span.attributes, "http.route"), "/raw/{name}");
  assert.equal(attribute(span.attributes, "http.response.status_code"), "201");
  assert.equal(attribute(span.attributes, "http.request.body.size"), "2000");
  assert.equal(attribute(span.attributes, "flow.outcome"), "accepted");
  const ofRefused = spans.find(({ name }) => name === "POST");
  assert.equal(ofRefused?.status?.code ?? "STATUS_CODE_UNSET", "STATUS_CODE_UNSET", "a refusal is no error");
  // The service was told the gate's own span as its parent.
  const [arrived] = (await service.received()).filter(({ path }) => path === "/raw/one");
  const told = arrived?.headers.find(([name]) => name.toLowerCase() === "traceparent")?.[1];
  assert.equal(told?.split("-")[2], hex(span.spanId));
  const { attributes } = seen["/v1/traces"][0]?.resourceSpans[0]?.resource ?? { attributes: [] };
  assert.equal(attribute(attributes, "service.name"), "sluicegate");
  assert.equal(attribute(attributes, "deployment.environment.name"), "staging");

  const metrics = seen["/v1/metrics"].flatMap(({ resourceMetrics }) =>
    resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
  );
  const duration = metrics.findLast(({ name }) => name === "http.server.request.duration");
  assert.equal(duration?.unit, "s");
  const point = duration?.histogram?.dataPoints.find(
    ({ attributes }) => attribute(attributes, "flow.name") === "raw",
  );
  assert.equal(point?.count, "1");
  assert.equal(point?.explicitBounds.at(-1), 600, "uploads take longer than the usual 10 s");
});

test("a collector that is away costs no upload, and is told of in the log once", async (t) => {
  const service = await startService();
  t.after(() => service.stop());
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const gate = await startGate({ upstream: service.origin, flows: ["raw"], settings: settingsFor(nobody) });
  t.after(() => gate.stop());
  for (let sent = 0; sent < 20; sent++) {
    const answer = await fetch(`${gate.origin}/raw/${sent}`, { method: "PUT", body: "x" });
    assert.equal(answer.status, 201);
    await answer.arrayBuffer();
  }
  gate.signal("SIGTERM");
  await gate.ended();
  assert.equal(gate.exitCode(), 0, gate.log());
  assert.equal(gate.log().match(/could not be sent to the collector/g)?.length, 1, gate.log());
});
