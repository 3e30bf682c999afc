/**
 * `npm start`: the gate with the example FastAPI service behind it, on embedded defaults. Ctrl-C stops both.
 *
 * Ports: PORT (gate, 8080), OPERATOR_PORT (operator's side, 8081), SERVICE_PORT (the service, 8000).
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { ensurePackages, NODE, ROOT, start } from "./bootstrap.mjs";
import { ensurePythonEnv } from "./python-env.mjs";

const PORT = process.env.PORT ?? "8080";
const OPERATOR_PORT = process.env.OPERATOR_PORT ?? "8081";
const SERVICE_PORT = process.env.SERVICE_PORT ?? "8000";
const READY_MS_MAX = 30_000;
/** Where examples/sluicegate.yaml looks for them, and where `sluicegate check` finds them too. */
const SECRETS = join(ROOT, "examples/data/secrets");
/** With which the service signs tokens and grants and the gate checks them: made at the first start. */
const secrets = { JWT_SECRET: secretOf("jwt"), GRANT_SECRET: secretOf("grant") };
const gate = `http://127.0.0.1:${PORT}`;
const operator = `http://127.0.0.1:${OPERATOR_PORT}`;
const service = `http://127.0.0.1:${SERVICE_PORT}`;

await requireFreePorts();
ensurePackages();
await ensurePythonEnv("example");

const children = [startService(), startGate()];
let isStopping = false;
for (const child of children) child.once("exit", (code) => stopAll(code ?? 0));
process.on("SIGINT", () => stopAll(0)).on("SIGTERM", () => stopAll(0));
await untilReady();
if (!isStopping) sayWhatToTry();

function startService() {
  const python = join(ROOT, ".venv/bin/python");
  const env = { GATE_URL: gate, SERVICE_PORT, ...secrets };
  return start(python, ["-m", "examples.service"], { env, stdio: ["ignore", "inherit", "inherit"] });
}

function startGate() {
  const args = [
    "--max-semi-space-size=4",
    "src/cli/main.ts",
    "serve",
    "--settings",
    "examples/sluicegate.yaml",
    "--listen",
    `127.0.0.1:${PORT}`,
  ];
  args.push("--operator", `127.0.0.1:${OPERATOR_PORT}`, "--upstream", `service=${service}`);
  return start(NODE, args, { stdio: ["ignore", "inherit", "inherit"] });
}

function secretOf(name) {
  const file = join(SECRETS, name);
  mkdirSync(SECRETS, { recursive: true, mode: 0o700 });
  if (!existsSync(file))
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8").trim();
}

/** A signal from the terminal reaches the children too; a second signal to them does no harm to what is finishing. */
function stopAll(code) {
  if (isStopping) return;
  isStopping = true;
  process.exitCode = code;
  for (const child of children) if (child.exitCode === null) child.kill("SIGTERM");
}

async function requireFreePorts() {
  const wanted = { PORT, OPERATOR_PORT, SERVICE_PORT };
  for (const [name, port] of Object.entries(wanted)) {
    if (await isTaken(Number(port))) {
      console.error(
        `Port ${port} is taken. Choose another one, for example: ${name}=${Number(port) + 100} npm start`,
      );
      process.exit(1);
    }
  }
}

function isTaken(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function untilReady() {
  const deadline = Date.now() + READY_MS_MAX;
  while (!isStopping && Date.now() < deadline) {
    const answers = await Promise.allSettled([fetch(`${operator}/health/ready`), fetch(`${service}/health`)]);
    if (answers.every((answer) => answer.status === "fulfilled" && answer.value.ok)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (!isStopping) console.error("Gate and service did not become ready within 30 s: see the lines above.");
}

function sayWhatToTry() {
  console.error(`
Sluicegate is up, with a FastAPI service behind it.

  In a browser   ${gate}/
  An image       curl -F picture=@examples/flows/avatars/samples/photo.png ${gate}/api/avatars
  Refused        curl -F picture=@README.md ${gate}/api/avatars
  What happened  ./sluicegate uploads
  Another mode   ./sluicegate mode avatars observe
  Health         curl ${operator}/health/ready
  Metrics        curl ${operator}/metrics

With a key of the gate, sent twice, taken once:
  KEY=$(./sluicegate key add partner --scope statements:write --flow statements)
  curl -T examples/flows/statements/samples/november.csv -H "X-API-Key: $KEY" -H 'Idempotency-Key: november' -H 'Content-Type: text/csv' ${gate}/api/statements/november.csv

Signed in at the service, which the gate asks:
  curl -c /tmp/session -d name=ada ${gate}/api/login
  curl -b /tmp/session -F note=@examples/flows/notes/samples/note.txt ${gate}/api/notes

With a token, or with a grant, of the service:
  TOKEN=$(curl -s -b /tmp/session -X POST ${gate}/api/token)
  curl -F report=@examples/flows/reports/samples/report.pdf -H "Authorization: Bearer $TOKEN" ${gate}/api/reports
  curl -s -b /tmp/session -X POST ${gate}/api/attachment-grants

Ctrl-C stops everything.`);
}
