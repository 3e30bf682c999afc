/**
 * Debian packages that tests need: the browser that sends real forms, other real clients, and a compiler for the library that makes syncs fail and
 * clocks jump. Installed only where they are missing.
 */
import { spawnSync } from "node:child_process";

/** Program → packages. */
const NEEDED = {
  chromium: ["chromium"],
  curl: ["curl"],
  go: ["golang-go"],
  gcc: ["gcc", "libc6-dev"],
  promtool: ["prometheus"],
};

/** Installs what is missing; says clearly what to do where it cannot. */
export function ensureSystemPackages() {
  const missing = Object.entries(NEEDED)
    .filter(([program]) => spawnSync("which", [program]).status !== 0)
    .flatMap(([, names]) => names);
  if (missing.length === 0) return;
  console.error(`Installing ${missing.join(", ")} (once) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = spawnSync("apt-get", ["update", "-qq"], { env, encoding: "utf8" });
  const install = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    env,
    encoding: "utf8",
  });
  if (install.status === 0) return;
  console.error(`${update.stderr ?? ""}${install.stderr ?? ""}`.split("\n").slice(-15).join("\n"));
  console.error(
    `The tests need ${missing.join(", ")}; install it and run npm test again (root is needed for apt-get).`,
  );
  process.exit(1);
}
