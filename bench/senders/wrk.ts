/**
 * Many small requests by wrk, which costs the machine little.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** A form to post; a plain GET where it is absent. */
  readonly form?: { readonly body: Buffer; readonly contentType: string };
  /** For the script and the body. */
  readonly folder: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs a load to its end. @throws where any answer was not a 2xx or 3xx, or a connection broke */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { port, path, connections, seconds, folder } = load;
  const script = writeScript(load);
  const args = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--timeout", "10s", "-s", script];
  const { stdout } = await run("wrk", [...args, `http://127.0.0.1:${port}${path}`], { cwd: folder });
  const line = stdout.split("\n").find((text) => text.startsWith("BENCH "));
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${stdout}`);
  const [requests = 0, microseconds = 0, p50 = 0, p99 = 0, errors = 0] = line.slice(6).split(" ").map(Number);
  if (errors > 0 || requests === 0)
    throw new Error(`${errors} of ${requests} requests to ${path} failed:\n${stdout}`);
  return { requests, seconds: microseconds / 1e6, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}

/** @see wrk's SCRIPTING file: `wrk` is the request's prototype, `done` gets the totals */
function writeScript({ form, folder, port }: Load): string {
  const bodyPath = join(folder, `wrk-${port}.body`);
  if (form !== undefined) writeFileSync(bodyPath, form.body);
  const post =
    form === undefined
      ? ""
      : `wrk.method = "POST"
wrk.headers["Content-Type"] = "${form.contentType}"
local file = assert(io.open("${bodyPath}", "rb"))
wrk.body = file:read("*a")
file:close()
`;
  const done = `function done(summary, latency, requests)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("BENCH %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
`;
  const path = join(folder, `wrk-${port}.lua`);
  writeFileSync(path, post + done);
  return path;
}
