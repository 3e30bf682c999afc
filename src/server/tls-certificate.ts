/**
 * A certificate chain and its key, PEM, read from their files and seen to fit together.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { GateError } from "../problems/gate-error.ts";
import type { TlsFiles } from "../settings/settings.ts";

/** A pair that fits. */
export interface TlsPair {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly expiresAtMs: number;
  /** What a person tells certificates apart by. */
  readonly subject: string;
}

/**
 * Reads and checks both files.
 * @throws SETTINGS_INVALID: a file that is missing or no PEM, a key that is not the certificate's. An expired certificate is taken, since no
 *   certificate at all helps nobody; readiness and metrics tell its date.
 */
export async function readTlsPair(files: TlsFiles): Promise<TlsPair> {
  const certificate = await readPart(files.certificate, "certificate");
  const key = await readPart(files.key, "key");
  try {
    const x509 = new X509Certificate(certificate);
    const isOurs = x509.checkPrivateKey(createPrivateKey(key));
    if (!isOurs) throw new Error("the key is not the key of this certificate");
    createSecureContext({ cert: certificate, key });
    return { certificate, key, expiresAtMs: Date.parse(x509.validTo), subject: x509.subject };
  } catch (cause) {
    throw unusable(`${files.certificate} and ${files.key} are no pair: ${wordsOf(cause)}`, cause);
  }
}

async function readPart(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unusable(`the ${what} ${path} cannot be read: ${wordsOf(cause)}`, cause);
  }
}

function unusable(what: string, cause: unknown): GateError {
  return new GateError("SETTINGS_INVALID", {
    message: `TLS cannot be offered: ${what}.`,
    expected: "listen.public.tls with a certificate chain and its private key, both PEM and readable",
    cause,
  });
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
