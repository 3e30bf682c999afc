/**
 * What the tests of faults share: one upload, and waiting for what must come of it.
 */
import { strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { GateUnderTest, ListedUpload } from "./gate-under-test.ts";
import type { ServiceUnderTest } from "./service-under-test.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly code?: string; readonly retry?: string; readonly [member: string]: unknown };
}

/** Sends bytes as a raw body. */
export async function put(
  gate: GateUnderTest,
  path: string,
  bytes: Buffer<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(gate.origin + path, { method: "PUT", body: bytes, headers });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text.startsWith("{") ? (JSON.parse(text) as Answer["body"]) : {},
  };
}

/** Asks again and again until the answer is not `null`. @throws after 30 seconds */
export async function until<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  const givesUpAt = performance.now() + 30_000;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (performance.now() > givesUpAt) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the one upload that is named is in a state. */
export function untilState(gate: GateUnderTest, id: string, state: string): Promise<ListedUpload> {
  return until(`upload ${id} in state ${state}`, async () => {
    const found = (await gate.uploads()).find((upload) => upload.id === id);
    return found?.state === state ? found : null;
  });
}

/** No bytes of any upload are left anywhere. */
export async function assertNothingLeft(gate: GateUnderTest): Promise<void> {
  strictEqual((await gate.quarantined()).join(), "");
  strictEqual((await gate.stored()).join(), "");
}

/** One request that a service got: what it carried and by which try. */
export interface Copy {
  readonly sha256: string | null;
  readonly uploadId: string | null;
  readonly attempt: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the service got at one path, oldest first. */
export async function copiesAt(service: ServiceUnderTest, path: string): Promise<readonly Copy[]> {
  const requests = (await service.received()).filter((request) => request.path === path);
  return requests.map(({ headers, files }) => {
    const named = Object.fromEntries(headers.map(([name, value]) => [name, value]));
    return {
      sha256: files[0]?.sha256 ?? null,
      uploadId: named["sluicegate-upload"] ?? null,
      attempt: named["sluicegate-attempt"] ?? null,
      headers: named,
    };
  });
}

/** A value of the gate's metrics, summed over its labels. */
export async function metric(gate: GateUnderTest, name: string): Promise<number> {
  const text = await (await fetch(`${gate.operatorOrigin}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** One delivery as `sluicegate deliveries --json` prints it. */
export interface Waiting {
  readonly id: string;
  readonly flow: string;
  readonly tries: number;
  readonly lastError: string;
  readonly mayHaveArrived: boolean;
  readonly isAcknowledged: boolean;
  readonly nextTryAtMs: number | null;
}

export async function waiting(gate: GateUnderTest): Promise<readonly Waiting[]> {
  const { out, err, exitCode } = await gate.run("deliveries", "--json");
  strictEqual(exitCode, 0, err);
  return JSON.parse(out) as Waiting[];
}

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
