/**
 * tusd's handler and file store, built from the Go module in `tusd/` once; skipped with a reason where Go is missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Build } from "./build.ts";
import { freePort, type Server, startServer } from "./server.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, ".cache/bench/tusd");
const BUILD_MS_MAX = 240_000;

/** Builds tusd, or finds it built. Takes about a minute once. */
export function buildTusd(): Build {
  if (existsSync(PROGRAM)) return { ok: true, path: PROGRAM };
  mkdirSync(join(ROOT, ".cache/bench"), { recursive: true });
  console.error("Building tusd for comparison (once, about a minute) …");
  const built = spawnSync("go", ["build", "-o", PROGRAM, "."], {
    cwd: join(import.meta.dirname, "tusd"),
    env: { ...process.env, CGO_ENABLED: "0" },
    encoding: "utf8",
    timeout: BUILD_MS_MAX,
  });
  if (built.status === 0) return { ok: true, path: PROGRAM };
  if (built.error !== undefined && "code" in built.error && built.error.code === "ENOENT")
    return { ok: false, reason: "tusd is left out: there is no Go on the PATH to build it with" };
  const tail = (built.stderr ?? "").trimEnd().split("\n").at(-1) ?? "";
  return {
    ok: false,
    reason: `tusd is left out: it did not build (${tail || (built.error?.message ?? "no output")})`,
  };
}

/** Starts tusd; uploads go to `POST /files/` with the body in the creating request. */
export async function startTusd(program: string, folder: string): Promise<Server> {
  const port = await freePort();
  const files = join(folder, `tusd-${port}`);
  mkdirSync(files, { recursive: true });
  return startServer({ name: "tusd", command: program, args: [`127.0.0.1:${port}`, files], port, folder });
}
