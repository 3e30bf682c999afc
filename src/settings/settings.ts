/**
 * The settings as the rest of the gate sees them: checked, complete, frozen, all paths absolute. Made by `load-settings.ts` from
 * `sluicegate.yaml`, or from `--upstream URL` alone.
 */

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Certificate chain and private key, PEM, absolute paths; read again when they change. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Where the public keys or the secret of somebody's signatures are: exactly one of the three is not `null`. */
export interface VerificationKeys {
  /** At least 32 bytes; HMAC algorithms only. */
  readonly secret: string | null;
  /** Absolute path of a JWK Set with public keys. */
  readonly jwksFile: string | null;
  readonly jwksUrl: string | null;
}

/** Tokens of an identity provider, for `caller: jwt`. */
export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: VerificationKeys;
  /** Allowed `alg` values. */
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  /** Claim that names the principal. */
  readonly principalClaim: string;
}

/** What the service mints: grants for uploads and links for downloads. */
export interface GrantSettings {
  readonly keys: VerificationKeys;
  /** A grant or link that is valid for longer is refused. */
  readonly lifetimeMaxMs: number;
  readonly clockSkewMs: number;
}

/** Where OpenTelemetry's collector is, and how much it gets. */
export interface OtlpCollector {
  /** Base URL of OTLP over HTTP: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** Share of requests whose trace is sent, from 0 to 1; those that failed are sent whatever it is. */
  readonly tracesShare: number;
  readonly metricsEveryMs: number;
  /** `deployment.environment.name`; `null` where not told. */
  readonly environment: string | null;
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
  readonly listen: {
    readonly public: ListenAddress & { readonly tls: TlsFiles | null };
    readonly operator: ListenAddress;
  };
  readonly flowsFolder: string;
  readonly upstreams: ReadonlyMap<string, UpstreamSettings>;
  /** `keepMs`: how long records of finished uploads are kept; audit entries stay. */
  readonly records: { readonly driver: "sqlite"; readonly path: string; readonly keepMs: number };
  readonly storage: { readonly driver: "disk"; readonly path: string };
  readonly receipts: { readonly issuer: string; readonly keysFolder: string; readonly lifetimeMs: number };
  /** Who callers are, where flows ask for it; `null` where the settings do not say. */
  readonly callers: { readonly jwt: JwtSettings | null; readonly grant: GrantSettings | null };
  /** Addresses and networks whose Forwarded headers count. */
  readonly trustProxy: readonly string[];
  readonly limits: {
    readonly connections: number;
    readonly uploads: number;
    readonly requestHeaderBytesMax: number;
    /** No byte for so long ends a request. */
    readonly idleMs: number;
    /** The least that a body must bring on average, from its first byte on, in bytes a second. */
    readonly bodyBytesPerSecondMin: number;
    /** So long may all headers of a request take. */
    readonly headersMs: number;
    /** So long may what runs go on when the gate is told to stop. */
    readonly stopGraceMs: number;
  };
  readonly signals: {
    readonly log: "stdout" | "stderr" | "off";
    readonly metrics: boolean;
    readonly serverTiming: boolean;
    /** Whether the gate remembers its traffic: rolled up, bounded, in the records database. */
    readonly history: boolean;
    /** `null`: nothing is sent. */
    readonly otlp: OtlpCollector | null;
  };
}
