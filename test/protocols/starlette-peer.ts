/**
 * Starlette (and so FastAPI) with python-multipart as a peer reader, in one long-lived Python process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PeerPart, PeerReader } from "./peer-readings.ts";

interface Answer {
  readonly parts?: readonly (Omit<PeerPart, "content"> & { readonly content: string })[];
}

/** A running Python process; `read` takes one body at a time. */
export class StarlettePeer {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string, unknown>;

  /** @param python an interpreter that has starlette and python-multipart. */
  constructor(python: string) {
    const script = join(import.meta.dirname, "starlette_reader.py");
    this.#child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("no standard output");
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  readonly read: PeerReader = async ({ contentType, body }) => {
    this.#child.stdin?.write(`${JSON.stringify({ contentType, body: body.toString("base64") })}\n`);
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error("the Python process has ended");
    const { parts } = JSON.parse(value) as Answer;
    return parts?.map((part) => ({ ...part, content: Buffer.from(part.content, "base64") })) ?? null;
  };

  close(): void {
    this.#child.stdin?.end();
  }
}
