/**
 * Certificates for tests, made by openssl: one for 127.0.0.1 and localhost that is its own authority.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  /** The certificate's text, for clients to trust. */
  readonly pem: string;
  remove(): Promise<void>;
}

/** Makes a self-signed certificate of a name in a folder of its own. */
export async function makeCertificate(name: string, days = 30): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-tls-"));
  const certificate = join(folder, "cert.pem");
  const key = join(folder, "key.pem");
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", key, "-out", certificate, "-days", String(days), "-subj", `/CN=${name}`],
    ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
  ]);
  return {
    certificate,
    key,
    pem: await readFile(certificate, "utf8"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
