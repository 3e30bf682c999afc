/**
 * Flows for tests of who may, how much and how often: one raw route each, `PUT /may/NAME/{name}`, written to a folder of their own.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What differs from flow to flow; `permissions` and `more` are YAML. */
export interface MayFlow {
  readonly name: string;
  readonly permissions: string;
  readonly deliver?: "forward" | "receipt";
  readonly mode?: "off" | "observe" | "enforce";
  /** Default: any bytes. */
  readonly types?: string;
  readonly maxSize?: string;
  readonly more?: string;
}

/** The text of a flow file. */
export function flowText(flow: MayFlow): string {
  const { name, permissions, deliver = "forward", mode = "enforce", types = "any", maxSize = "8 MiB" } = flow;
  return `flow: ${name}
summary: Bytes for a test of who may send them
owner: acceptance tests
mode: ${mode}
route: { method: PUT, path: "/may/${name}/{name}", protocols: [raw] }
accept:
  files:
    body: { types: ${types}, max-size: ${maxSize} }
permissions: ${permissions}
deliver: ${deliver}
upstream: service
${flow.more ?? ""}
`;
}

/** Writes flows to a new folder, which goes with the process. @returns their folders, as `startGate` takes them */
export async function writeFlows(flows: readonly MayFlow[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "sluicegate-may-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return Promise.all(
    flows.map(async (flow) => {
      const path = join(folder, flow.name);
      await mkdir(path);
      await writeFile(join(path, "flow.yaml"), flowText(flow));
      return path;
    }),
  );
}
