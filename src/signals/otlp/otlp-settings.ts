/** Where OpenTelemetry's collector is, and how much it gets. */
export interface OtlpSettings {
  /** Base URL of OTLP over HTTP: `http://127.0.0.1:4318`; `/v1/traces` and `/v1/metrics` are added. */
  readonly endpoint: string;
  /** Share of requests whose trace is sent, from 0 to 1; those that failed are sent whatever it is. */
  readonly tracesShare: number;
  readonly metricsEveryMs: number;
  /** `deployment.environment.name`; `null` where not told. */
  readonly environment: string | null;
}
