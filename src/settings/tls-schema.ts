/**
 * The schema of `listen.public.tls`: where certificate and key are. Whether the files are there and belong together is seen when the gate starts.
 */
import { resolve } from "node:path";
import type { z } from "zod";
import { group, text } from "../setup/schema.ts";
import type { TlsFiles } from "./settings.ts";

const MISSING = "write { certificate: tls/cert.pem, key: tls/key.pem }.";

const pemFile = (description: string): z.ZodType<string> =>
  text("write the path of a PEM file; relative ones count from this file's folder.", description, 4096);

/** `tls`, key by key. */
export const tlsSchema = group(
  {
    certificate: pemFile("The certificate with its chain, PEM; read again when it changes."),
    key: pemFile("The private key, PEM; read again when it changes."),
  },
  MISSING,
  "Certificate and key for TLS.",
).optional();

/** @param folder from which relative paths count. */
export function buildTls(written: z.output<typeof tlsSchema>, folder: string): TlsFiles | null {
  if (written === undefined) return null;
  return { certificate: resolve(folder, written.certificate), key: resolve(folder, written.key) };
}
