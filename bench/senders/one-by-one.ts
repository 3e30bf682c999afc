/**
 * The same form again and again over kept connections, each after the answer to the last: what a single client feels, or a few at once.
 */
import { Agent, request } from "node:http";

export interface Form {
  readonly port: number;
  readonly path: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** Further headers, asked anew for each request. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** How often, and in how large pieces. */
export interface Turns {
  readonly turns: number;
  /** So many connections in each turn; default: 1. */
  readonly connections?: number;
  /** So many forms over each connection in each turn; default: 1. */
  readonly forms?: number;
}

/**
 * Sends forms by turns to each target, so that a change in the machine's pace meets all of them.
 * @returns by target, milliseconds that a whole turn took, divided by the forms that each connection sent in it
 */
export async function sendByTurns(targets: readonly Form[], options: Turns): Promise<number[][]> {
  const { turns, connections = 1, forms = 1 } = options;
  const agents = targets.map(() => new Agent({ keepAlive: true, maxSockets: connections }));
  const times: number[][] = targets.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, target] of targets.entries()) {
      const agent = agents[index];
      if (agent === undefined) continue;
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: connections }, () => sendForms(target, agent, forms)));
      times[index]?.push((performance.now() - startedAt) / forms);
    }
  }
  for (const agent of agents) agent.destroy();
  return times;
}

async function sendForms(target: Form, agent: Agent, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) await sendForm(target, agent);
}

/** Until the last byte of the answer. @throws where the answer is not a 2xx */
function sendForm({ port, path, body, contentType, headers: more }: Form, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...more?.(), "content-type": contentType, "content-length": body.length };
    const sent = request({ agent, host: "127.0.0.1", port, path, method: "POST", headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else reject(new Error(`POST ${path} was answered with ${status}: ${Buffer.concat(chunks)}`));
      });
      answer.once("error", reject);
    });
    sent.once("error", reject);
    sent.setTimeout(60_000, () => sent.destroy(new Error("no answer in time")));
    sent.end(body);
  });
}
