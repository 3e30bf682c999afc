/**
 * FastAPI behind uvicorn, one process, with the packages that the examples and tests use.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Server, startServer } from "./server.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Starts `fastapi_peer.py`. What it stores, and the temporary files of its uploads, lie in the row's folder. */
export async function startFastApi(folder: string): Promise<Server> {
  const port = await freePort();
  const files = join(folder, `fastapi-${port}`);
  mkdirSync(files, { recursive: true });
  const app = ["--app-dir", import.meta.dirname, "fastapi_peer:app"];
  const listen = ["--host", "127.0.0.1", "--port", String(port), "--backlog", "4096"];
  return startServer({
    name: "fastapi",
    command: join(ROOT, ".venv/bin/python"),
    args: ["-m", "uvicorn", ...app, ...listen, "--log-level", "warning", "--no-access-log"],
    port,
    folder,
    // SpooledTemporaryFile spills there.
    env: { FILES: files, TMPDIR: files },
  });
}
