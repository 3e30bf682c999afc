/**
 * Links as the service hands them out, made by the Python package itself.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PYTHON } from "./service-under-test.ts";

export const GRANT_SECRET = "a secret of the acceptance tests, long enough";

/** What is to be linked; members as of `download_url`, lifetime in seconds. */
export interface WantedLink {
  readonly gate: string;
  readonly upload_id: string;
  readonly file?: number;
  readonly name?: string;
  readonly lifetime?: number;
  readonly secret?: string;
}

/** Paths with query, in the order of what was asked for. */
export async function mintLinks(wanted: readonly WantedLink[]): Promise<string[]> {
  const script = join(import.meta.dirname, "clients/mint_links.py");
  const child = spawn(PYTHON, [script], {
    env: { ...process.env, GRANT_SECRET },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(JSON.stringify(wanted));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`mint_links.py ended with ${code}`);
  return (JSON.parse(Buffer.concat(chunks).toString()) as string[]).map((url) => {
    const { pathname, search } = new URL(url);
    return pathname + search;
  });
}
