/**
 * Where the output of a way back is kept: `.sluicegate/rollbacks/ID.log`, which is nobody else's to read, since commands print all sorts of things.
 */
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { GateError } from "../problems/gate-error.ts";
import { newRunId, STATE_FOLDER } from "./runs-folder.ts";

const BYTES_MAX = 16 * 1024 * 1024;

export interface RollbackOutput {
  readonly file: string;
  keep(bytes: Buffer): void;
  close(): Promise<void>;
}

/** @throws CHECK_RUNS_UNWRITABLE where the folder cannot be made */
export async function openRollbackOutput(flow: string, command: string): Promise<RollbackOutput> {
  const folder = join(STATE_FOLDER, "rollbacks");
  const file = join(folder, `${newRunId()}-${flow}.log`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(STATE_FOLDER, ".gitignore"), "*\n");
    await writeFile(file, `$ ${command}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new GateError("CHECK_RUNS_UNWRITABLE", {
      message: `${file} cannot be written, and the output is to be kept; start the command in a folder that can be written.`,
      cause,
    });
  }
  const stream = createWriteStream(file, { flags: "a" });
  // A full disk must not end the way back; the exit code is recorded elsewhere.
  stream.on("error", () => {});
  let size = 0;
  return {
    file,
    keep: (bytes) => {
      size += bytes.length;
      if (size <= BYTES_MAX) stream.write(bytes);
    },
    close: async () => {
      stream.end();
      await finished(stream).catch(() => {});
    },
  };
}

/** Whole lines out of whatever pieces they come in. */
export class WholeLines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #say: (line: string) => void;
  #rest = "";

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  add(bytes: Buffer): void {
    const lines = `${this.#rest}${this.#decoder.write(bytes)}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#say(line.replace(/\r$/, ""));
  }

  end(): void {
    const last = `${this.#rest}${this.#decoder.end()}`;
    if (last !== "") this.#say(last);
  }
}
