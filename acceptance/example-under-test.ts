/**
 * What `npm start` starts: the example service with all flows of the example in front of it, in folders and on ports of their own.
 */
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { PYTHON } from "./service-under-test.ts";

const ROOT = join(import.meta.dirname, "..");

export const EXAMPLE_FLOWS = join(ROOT, "examples/flows");

/** As in examples/sluicegate.yaml. */
const CALLERS = `callers:
  jwt: { issuer: example-service, audience: example-uploads, secret: "env:JWT_SECRET" }
  grant: { secret: "env:GRANT_SECRET", max-lifetime: 10min }
`;

export interface ExampleUnderTest {
  readonly gate: GateUnderTest;
  stopService(): Promise<void>;
  startService(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts gate and service with secrets of their own. */
export async function startExample(): Promise<ExampleUnderTest> {
  const port = await freePort();
  const secrets = { JWT_SECRET: newSecret(), GRANT_SECRET: newSecret() };
  const gate = await startGate({
    upstream: `http://127.0.0.1:${port}`,
    passThrough: true,
    flows: readdirSync(EXAMPLE_FLOWS).map((flow) => join(EXAMPLE_FLOWS, flow)),
    settings: CALLERS,
    env: secrets,
  });
  let service = await launchService(gate, port, secrets);
  return {
    gate,
    stopService: () => service.stop(),
    startService: async () => {
      service = await launchService(gate, port, secrets);
    },
    stop: async () => {
      await service.stop();
      await gate.stop();
    },
  };
}

const newSecret = (): string => randomBytes(32).toString("base64url");

async function launchService(gate: GateUnderTest, port: number, secrets: NodeJS.ProcessEnv): Promise<Child> {
  const environment = {
    SERVICE_PORT: String(port),
    GATE_URL: gate.origin,
    RECEIPT_ISSUER: gate.origin,
    STORE_ROOT: join(gate.folder, "data"),
    SERVICE_DATABASE: join(gate.folder, "service.sqlite"),
    ...secrets,
  };
  const service = new Child("the example service", PYTHON, ["-m", "examples.service"], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  await service.untilReady(() => answers(`http://127.0.0.1:${port}/health`));
  return service;
}
