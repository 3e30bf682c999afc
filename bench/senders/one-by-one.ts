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

/**
 * Sends forms by turns to each target, so that a change in the machine's pace meets all of them; times in milliseconds by target.
 * @param atOnce so many together, whose time is that of all of them
 */
export async function sendByTurns(targets: readonly Form[], rounds: number, atOnce = 1): Promise<number[][]> {
  const agents = targets.map(() => new Agent({ keepAlive: true, maxSockets: atOnce }));
  const times: number[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, target] of targets.entries()) {
      const agent = agents[index];
      if (agent === undefined) continue;
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: atOnce }, () => sendForm(target, agent)));
      times[index]?.push(performance.now() - startedAt);
    }
  }
  for (const agent of agents) agent.destroy();
  return times;
}

/** Milliseconds from the first byte sent to the last byte of the answer. @throws where the answer is not a 2xx */
function sendForm({ port, path, body, contentType, headers: more }: Form, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const headers = { ...more?.(), "content-type": contentType, "content-length": body.length };
    const sent = request({ agent, host: "127.0.0.1", port, path, method: "POST", headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(performance.now() - startedAt);
        else reject(new Error(`POST ${path} was answered with ${status}: ${Buffer.concat(chunks)}`));
      });
      answer.once("error", reject);
    });
    sent.once("error", reject);
    sent.setTimeout(60_000, () => sent.destroy(new Error("no answer in time")));
    sent.end(body);
  });
}
