/**
 * The settings as the rest of the gate sees them: checked, complete, frozen, all paths absolute. Made by `load-settings.ts` from
 * `sluicegate.yaml`, or from `--upstream URL` alone.
 */

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface UpstreamSettings {
  readonly name: string;
  /** Origin only: `http://host:port`. */
  readonly url: string;
  readonly passThrough: boolean;
  /** Time to the first byte of the answer after the last byte of the request, and between bytes of the answer. */
  readonly timeoutMs: number;
}

export interface Settings {
  /** Absolute path of the settings file, or `null` when started with `--upstream` alone. */
  readonly file: string | null;
  readonly listen: { readonly public: ListenAddress; readonly operator: ListenAddress };
  readonly flowsFolder: string;
  readonly upstreams: ReadonlyMap<string, UpstreamSettings>;
  readonly records: { readonly driver: "sqlite"; readonly path: string };
  readonly storage: { readonly driver: "disk"; readonly path: string };
  readonly receipts: { readonly issuer: string; readonly keysFolder: string; readonly lifetimeMs: number };
  /** Addresses and networks whose Forwarded headers count. */
  readonly trustProxy: readonly string[];
  readonly limits: {
    readonly connections: number;
    readonly uploads: number;
    readonly requestHeaderBytesMax: number;
    /** No byte for so long ends a request. */
    readonly idleMs: number;
  };
  readonly signals: {
    readonly log: "stdout" | "stderr" | "off";
    readonly metrics: boolean;
    readonly serverTiming: boolean;
  };
}
