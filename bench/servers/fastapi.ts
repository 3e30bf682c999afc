/**
 * FastAPI behind uvicorn, one process, in two dresses: `plain` with what `pip install fastapi uvicorn` brings (asyncio, h11), as in the
 * examples and tests here, and `fast` with uvloop and httptools, which `uvicorn[standard]` adds.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Build } from "./build.ts";
import { freePort, type Server, startServer } from "./server.ts";

const ROOT = join(import.meta.dirname, "../..");
const PYTHON = join(ROOT, ".venv/bin/python");
const FAST_PACKAGES = ["uvloop==0.23.0", "httptools==0.9.0"];
const FAST_FOLDER = join(ROOT, ".cache/bench/python", FAST_PACKAGES.join("_").replaceAll("==", "-"));
const INSTALL_MS_MAX = 120_000;

/** One of the two, ready to be measured. */
export interface FastApi {
  /** As in "FastAPI UploadFile, uvloop". */
  readonly dress: string;
  readonly server: Server;
}

/** Both dresses, or the plain one alone and why. Files and temporary files lie in the row's folder. */
export async function startFastApis(folder: string): Promise<{ peers: FastApi[]; notes: string[] }> {
  const plain: FastApi = { dress: "asyncio", server: await startFastApi(folder) };
  const build = installFastLoop();
  if (!build.ok) return { peers: [plain], notes: [build.reason] };
  const fast = await start(folder, ["--loop", "uvloop", "--http", "httptools"], { PYTHONPATH: build.path });
  return { peers: [plain, { dress: "uvloop", server: fast }], notes: [] };
}

/** The plain one. */
export function startFastApi(folder: string): Promise<Server> {
  return start(folder, ["--loop", "asyncio", "--http", "h11"], {});
}

async function start(folder: string, flags: readonly string[], env: Record<string, string>): Promise<Server> {
  const port = await freePort();
  const files = join(folder, `fastapi-${port}`);
  mkdirSync(files, { recursive: true });
  const app = [
    "--app-dir",
    import.meta.dirname,
    "fastapi_peer:app",
    "--log-level",
    "warning",
    "--no-access-log",
  ];
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--backlog", "4096"];
  return startServer({
    name: "fastapi",
    command: PYTHON,
    args: ["-m", "uvicorn", ...app, ...listen, ...flags],
    port,
    folder,
    // SpooledTemporaryFile spills to TMPDIR.
    env: { ...env, FILES: files, TMPDIR: files },
  });
}

/** Beside the environment of the tests and not in it: what is measured must not change what is tested. */
function installFastLoop(): Build {
  if (existsSync(join(FAST_FOLDER, "httptools"))) return { ok: true, path: FAST_FOLDER };
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", FAST_FOLDER];
  const installed = spawnSync(PYTHON, [...args, ...FAST_PACKAGES], {
    encoding: "utf8",
    timeout: INSTALL_MS_MAX,
  });
  if (installed.status === 0) return { ok: true, path: FAST_FOLDER };
  const why = installed.stderr?.trimEnd().split("\n").at(-1) ?? installed.error?.message ?? "";
  return { ok: false, reason: `FastAPI on uvloop is left out: its packages could not be installed (${why})` };
}
