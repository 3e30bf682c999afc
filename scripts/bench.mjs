/**
 * `npm run bench`: installs what the measurement needs and runs it: the gate beside FastAPI, nginx and tusd on this machine.
 *
 * `npm run bench -- --help` says which rows and options there are.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages, NODE, ROOT, run, start } from "./bootstrap.mjs";
import { ensurePythonEnv } from "./python-env.mjs";

/** Program → Debian package. nginx-light has the dav module, which nginx's PUT needs. */
const NEEDED = { nginx: "nginx-light", wrk: "wrk" };

ensurePackages();
await ensurePythonEnv("example");
ensureMeasuringPrograms();
const wanted = process.argv.slice(2);
const builtGate = join(ROOT, ".cache/bench", `gate-${process.pid}`);
process.once("exit", () => rmSync(builtGate, { recursive: true, force: true }));
const program = wanted.includes("--source") ? "src/cli/main.ts" : await buildGate();
const rows = wanted.filter((word) => word !== "--source");
const measurement = start(NODE, [join(ROOT, "bench/run.ts"), "--program", program, ...rows]);
// Ctrl-C reaches the measurement from the terminal. Either way it stops what it started, and only then is there anything to remove here.
process.on("SIGINT", () => {}).on("SIGTERM", () => measurement.kill("SIGTERM"));
const [code] = await once(measurement, "exit");
process.exitCode = code ?? 1;

/**
 * What is measured is what is published, built to a place of this run's own so that no other build disturbs it. A checkout that does not
 * build can still be measured with `--source`.
 */
async function buildGate() {
  const folder = join(builtGate, "dist");
  const args = ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", folder, "--declaration", "false"];
  const compiled = await run(join(ROOT, "node_modules/.bin/tsc"), args);
  const page = ["scripts/build-web.ts", join(folder, "console/web")];
  const code = compiled === 0 ? await run(NODE, page) : compiled;
  if (code === 0) {
    // Beside dist/, as in the package: the program reads its version there.
    copyFileSync(join(ROOT, "package.json"), join(builtGate, "package.json"));
    return join(folder, "cli/main.js");
  }
  console.error("The gate does not build: see above. With --source it is measured from src/ as it is.");
  process.exit(1);
}

function ensureMeasuringPrograms() {
  const missing = Object.entries(NEEDED)
    .filter(([program]) => spawnSync("which", [program]).status !== 0)
    .map(([, name]) => name);
  if (missing.length === 0) return;
  console.error(`Installing ${missing.join(", ")} (once) …`);
  // RUNLEVEL 1: Debian's nginx would otherwise begin to serve port 80.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const update = spawnSync("apt-get", ["update", "-qq"], { env, encoding: "utf8" });
  const install = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    env,
    encoding: "utf8",
  });
  if (install.status === 0) return;
  console.error(`${update.stderr ?? ""}${install.stderr ?? ""}`.split("\n").slice(-15).join("\n"));
  console.error(
    `The bench needs ${missing.join(", ")}; install it and run npm run bench again (root is needed for apt-get).`,
  );
  process.exit(1);
}
