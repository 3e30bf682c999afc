/**
 * The certificate that the public port shows, for as long as the gate runs.
 *
 * In: the paths of the settings. Out: a TLS server's secrets, taken over again whenever the files have changed. Always: a pair is taken whole or
 * not at all, so that a certificate never meets the key of another one; a pair that does not fit leaves the old one in force and is logged.
 */
import { stat } from "node:fs/promises";
import type { GateParts } from "../gate/gate-parts.ts";
import { asGateError } from "../gate/refusal.ts";
import type { TlsFiles } from "../settings/settings.ts";
import { readTlsPair, type TlsPair } from "./tls-certificate.ts";

const LOOK_MS = 5000;

/** Reads the pair for the first time. @throws SETTINGS_INVALID */
export async function openPublicCertificate(gate: GateParts, files: TlsFiles): Promise<PublicCertificate> {
  // Before reading: what changes meanwhile is seen at the first look.
  const stamp = await stampOf(files);
  return new PublicCertificate(gate, files, { pair: await readTlsPair(files), stamp });
}

export class PublicCertificate {
  readonly #gate: Pick<GateParts, "log" | "metrics">;
  readonly #files: TlsFiles;
  readonly #timer: NodeJS.Timeout;
  #pair: TlsPair;
  #stamp: string;
  #looking: Promise<unknown> = Promise.resolve();
  #onChange: (pair: TlsPair) => void = () => {};

  constructor(
    gate: Pick<GateParts, "log" | "metrics">,
    files: TlsFiles,
    { pair, stamp }: { readonly pair: TlsPair; readonly stamp: string },
  ) {
    this.#gate = gate;
    this.#files = files;
    this.#pair = pair;
    this.#stamp = stamp;
    this.#timer = setInterval(() => void this.#inTurn(() => this.#look()), LOOK_MS).unref();
    gate.metrics.certificateExpires.set(pair.expiresAtMs / 1000);
  }

  /** When the one in force ends, in milliseconds since 1970. */
  get expiresAtMs(): number {
    return this.#pair.expiresAtMs;
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  /** Called with each pair that is taken over. */
  onChange(listener: (pair: TlsPair) => void): void {
    this.#onChange = listener;
  }

  /** Reads the files now. @returns why they do not fit, or `null`; never rejects */
  reload(): Promise<string | null> {
    return this.#inTurn(async () => {
      this.#stamp = await stampOf(this.#files);
      return this.#takeOver();
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#looking.then(work);
    this.#looking = next;
    return next;
  }

  async #look(): Promise<void> {
    const stamp = await stampOf(this.#files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    await this.#takeOver();
  }

  async #takeOver(): Promise<string | null> {
    const { log, metrics } = this.#gate;
    try {
      const pair = await readTlsPair(this.#files);
      if (pair.certificate.equals(this.#pair.certificate) && pair.key.equals(this.#pair.key)) return null;
      this.#onChange(pair);
      this.#pair = pair;
      metrics.certificateExpires.set(pair.expiresAtMs / 1000);
      log.info(
        { subject: pair.subject, expiresAt: new Date(pair.expiresAtMs) },
        "TLS certificate taken over",
      );
      return null;
    } catch (error) {
      log.error({ err: error }, "TLS certificate not taken over: the one in force stays in force");
      return asGateError(error).publicMessage;
    }
  }
}

/** Tells one state of the files from another: when they were written, how large they are, which files they are. */
async function stampOf({ certificate, key }: TlsFiles): Promise<string> {
  const parts = [certificate, key].map(async (path) => {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  });
  const states = await Promise.allSettled(parts);
  return states.map((state) => (state.status === "fulfilled" ? state.value : "none")).join(" | ");
}
