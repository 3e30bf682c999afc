/**
 * *Verify now*: runs `sluicegate check FLOW` as a program of its own, as a person would in a terminal, and tells what came of it.
 *
 * Always holds: one run of a flow at a time and two in all; a run ends within two minutes, and with the gate; nothing that a client or a page says becomes
 * part of the command line but the name of a flow that is in force and one of two profiles.
 */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import type { Flow } from "../../flows/flow.ts";
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import type { Settings } from "../../settings/settings.ts";
import type { ConsoleSources } from "../console-sources.ts";
import type { Person } from "../http/console-access.ts";
import { sayDuration } from "../say-figures.ts";
import { publicOrigin } from "../watching/send-test-upload.ts";
import type { CheckRuns } from "./check-runs.ts";

const RUN_MS_MAX = 110_000;
const RUNS_MAX = 2;
/** The last words of a run that failed. */
const SAID_CHARS_MAX = 600;

const PROFILES = ["prod-safe", "ci"] as const;
type Profile = (typeof PROFILES)[number];

export class VerifyNow {
  readonly #sources: ConsoleSources;
  readonly #runs: CheckRuns;
  readonly #running = new Set<string>();
  readonly #stop = new AbortController();

  constructor(sources: ConsoleSources, runs: CheckRuns) {
    this.#sources = sources;
    this.#runs = runs;
  }

  /**
   * @param body `{profile?}`
   * @returns the sentence of the run
   * @throws CONSOLE_REQUEST_INVALID, CONSOLE_BUSY, CONSOLE_ACTION_FAILED, RECORDS_UNAVAILABLE
   */
  async run(flow: Flow, body: Readonly<Record<string, unknown>>, person: Person): Promise<string> {
    const profile = readProfile(body.profile);
    this.#requireRoom(flow.name);
    this.#running.add(flow.name);
    try {
      await this.#note(flow, profile, person);
      return await this.#check(flow, profile);
    } finally {
      this.#running.delete(flow.name);
    }
  }

  /** Ends what runs. */
  close(): void {
    this.#stop.abort();
  }

  #requireRoom(flow: string): void {
    const isRunning = this.#running.has(flow);
    if (!isRunning && this.#running.size < RUNS_MAX) return;
    throw new GateError("CONSOLE_BUSY", {
      message: isRunning
        ? `A check of ${flow} is running already.`
        : `${RUNS_MAX} checks are running already.`,
      retryAfterSeconds: 10,
    });
  }

  #note({ name, policyVersion }: Flow, profile: Profile, person: Person): Promise<void> {
    const entry = { atMs: this.#sources.now(), event: "check-started", flow: name, policyVersion };
    const nobody = { uploadId: null, principal: null, requestId: null };
    return this.#sources.gate.records.note({
      audit: [{ ...entry, ...nobody, rule: person, detail: { profile } }],
    });
  }

  async #check(flow: Flow, profile: Profile): Promise<string> {
    const { gate, commandLine, now } = this.#sources;
    const before = await this.#runs.newest(flow, true);
    const [program = process.execPath, ...first] = commandLine;
    const args = [...first, "check", flow.name, "--profile", profile, ...placeArguments(gate.settings)];
    const startedAtMs = now();
    const ended = await runProgram(program, args, await homeOf(gate.settings), this.#stop.signal);
    const run = await this.#runs.newest(flow, true);
    if (run !== null && run.id !== before?.id) return run.sentence;
    throw new GateError("CONSOLE_ACTION_FAILED", {
      message: ended.isLate
        ? `The check had not ended after ${sayDuration(now() - startedAtMs)} and was stopped.`
        : `The check could not run: ${ended.said === "" ? "it said nothing" : ended.said}`,
    });
  }
}

function readProfile(written: unknown): Profile {
  const profile = written ?? PROFILES[0];
  const found = PROFILES.find((one) => one === profile);
  if (found !== undefined) return found;
  throw new GateError("CONSOLE_REQUEST_INVALID", {
    message: "There is no such profile for a check from the console.",
    expected: PROFILES.join(" or "),
    seen: quoteSeen(String(profile)),
  });
}

/**
 * Without a settings file a gate was started by `--upstream`: then the command has to be told where everything is. A certificate is for the gate's public
 * name, and the check asks its own machine.
 */
function placeArguments(settings: Settings): readonly string[] {
  const { file, flowsFolder, listen } = settings;
  const trust = listen.public.tls === null ? [] : ["--insecure"];
  if (file !== null) return ["--settings", file, ...trust];
  return ["--flows", flowsFolder, "--target", publicOrigin(settings), ...trust];
}

/**
 * Where the run is kept: beside the settings, where a person would have started it; where that cannot be written, in the data folder, which the gate
 * always can.
 */
async function homeOf(settings: Settings): Promise<string> {
  const data = dirname(settings.records.path);
  const home = settings.file === null ? process.cwd() : dirname(settings.file);
  return access(home, constants.W_OK).then(
    () => home,
    () => data,
  );
}

/** Folders in which checks of this gate's flows may have been started. */
export function checkHomes(settings: Settings): readonly string[] {
  const own = settings.file === null ? [] : [dirname(settings.file)];
  return [...own, process.cwd(), dirname(settings.records.path)];
}

interface Ended {
  /** The end of what it wrote to its error output, on one line. */
  readonly said: string;
  readonly isLate: boolean;
}

function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  stop: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    let isLate = false;
    const end = (): void => {
      // Once is a request: it cleans up and keeps what it has. Twice ends it.
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 5000).unref();
    };
    const late = setTimeout(() => {
      isLate = true;
      end();
    }, RUN_MS_MAX);
    // The gate does not wait for a check of itself.
    const leave = (): void => {
      end();
      child.stderr.destroy();
      child.unref();
    };
    stop.addEventListener("abort", leave, { once: true });
    child.stderr.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString("utf8")).slice(-SAID_CHARS_MAX);
    });
    const done = (more: string): void => {
      clearTimeout(late);
      stop.removeEventListener("abort", leave);
      resolve({ said: oneLine(said + more), isLate });
    };
    child.on("error", (error) => done(error.message)).on("close", () => done(""));
  });
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
