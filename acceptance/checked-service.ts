/**
 * The small services of `fixtures/services/` as they run: started with a folder of their own, told which fault to have, looked into, stopped.
 *
 * Always holds: one process serves all faults of a framework, one after the other; what it stores is gone with its folder.
 */
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ReceivedUpload } from "../src/checks/check.ts";
import type { Fault, Hooks, StoredNames } from "../src/checks/hooks.ts";
import type { Identities, Identity } from "../src/checks/promise.ts";
import type { Evidence } from "../src/checks/run-check.ts";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { PYTHON } from "./service-under-test.ts";

const SERVICES = join(import.meta.dirname, "../fixtures/services");

export type ServiceFramework = "fastapi" | "django" | "flask";

/** How each is started: what its README would say. */
const COMMANDS: Readonly<Record<ServiceFramework, (port: number) => readonly string[]>> = {
  fastapi: (port) => [
    ...["-m", "uvicorn", "fastapi_service.app:app", "--port", String(port), "--http", "h11"],
    ...["--no-access-log", "--no-server-header", "--timeout-keep-alive", "30"],
  ],
  django: (port) => [
    ...["-m", "uvicorn", "django_service.app:application", "--port", String(port), "--http", "h11"],
    ...["--no-access-log", "--no-server-header", "--timeout-keep-alive", "30"],
  ],
  flask: (port) => [
    ...[
      "-m",
      "gunicorn",
      "flask_service.app:app",
      "--bind",
      `127.0.0.1:${port}`,
      "--worker-class",
      "gthread",
    ],
    ...["--threads", "24", "--keep-alive", "30", "--config", "flask_service/gunicorn_settings.py"],
  ],
};

const PEOPLE = { ann: "upload", bob: "upload", reader: "read", old: "expired" } as const;
type Person = keyof typeof PEOPLE;

const newKey = (): string => randomBytes(24).toString("base64url");

/** The same at each service of this process: whoever checks reads them from its environment. */
const KEYS: Readonly<Record<Person, string>> = {
  ann: newKey(),
  bob: newKey(),
  reader: newKey(),
  old: newKey(),
};

/** One service that runs. */
export class CheckedService {
  readonly framework: ServiceFramework;
  readonly origin: string;
  readonly folder: string;
  readonly #child: Child;
  readonly #linkSecret: string;
  readonly #records: DatabaseSync;
  #known = new Set<string>();

  constructor(framework: ServiceFramework, origin: string, folder: string, linkSecret: string, child: Child) {
    this.framework = framework;
    this.origin = origin;
    this.folder = folder;
    this.#linkSecret = linkSecret;
    this.#child = child;
    this.#records = new DatabaseSync(join(folder, "data/records.sqlite"), { timeout: 2000 });
  }

  /** From now on it has this fault and no other; `null`: it is careful. */
  async become(fault: string | null): Promise<void> {
    await writeFile(join(this.folder, "fault"), fault ?? "");
  }

  get identities(): Identities {
    const of = (name: Person): Identity => identity(name, KEYS[name]);
    return {
      header: "Authorization",
      main: of("ann"),
      other: of("bob"),
      readOnly: of("reader"),
      expired: of("old"),
      forged: identity("eve", newKey()),
    };
  }

  /** What was stored since `clear`, whoever owns it. What is recorded and not on disk does not count as stored. */
  get evidence(): Evidence {
    return {
      clear: async () => {
        this.#known = new Set(this.#rows().map(({ id, at }) => `${id} ${at}`));
      },
      received: async () =>
        this.#rows()
          .filter(({ id, at }) => !this.#known.has(`${id} ${at}`))
          .map((row) => asReceived(row, this.#keptBytes(row.id))),
    };
  }

  /** What lies on disk of an upload; nothing where the service keeps it under another name. */
  #keptBytes(id: string): Uint8Array | null {
    const path = join(this.#path("kept"), id);
    return existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
  }

  #rows(): readonly StoredRow[] {
    return this.#records
      .prepare("SELECT * FROM pictures ORDER BY at")
      .all() as unknown as readonly StoredRow[];
  }

  get hooks(): Hooks {
    return {
      issue: async () => this.#issue(),
      revoke: async (of) => this.#revoke(of),
      stored: () => this.#stored(),
      log: async () => this.log(),
      mintLink: async (wish) => this.#link(wish.uploadId, wish.isExpired === true, wish.isForeign === true),
      readiness: async () => {
        const answer = await fetch(`${this.origin}/health/ready`);
        return { status: answer.status, text: await answer.text() };
      },
      faults: { "storage-read-only": this.#noStorage(), "records-locked": this.#lockedRecords() },
    };
  }

  /** What it has logged. */
  log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  /** What the flows of the service name in their `verify`. */
  get environment(): Readonly<Record<string, string>> {
    const keyOf = (person: Person): string => `Bearer ${KEYS[person]}`;
    return {
      SERVICE_ANN: keyOf("ann"),
      SERVICE_BOB: keyOf("bob"),
      SERVICE_READER: keyOf("reader"),
      SERVICE_OLD: keyOf("old"),
      SERVICE_PYTHON: PYTHON,
      SERVICE_DATA: join(this.folder, "data"),
      SERVICE_LINK_SECRET: this.#linkSecret,
      SERVICE_LOG: join(this.folder, "log"),
      SERVICE_ORIGIN: this.origin,
    };
  }

  #issue(): Identity {
    const [principal, key] = [`new-${randomUUID()}`, newKey()];
    this.#records
      .prepare("INSERT INTO callers VALUES (?, ?, 1, NULL)")
      .run(createHash("sha256").update(key).digest("hex"), principal);
    return identity(principal, key);
  }

  #revoke({ name }: Identity): void {
    this.#records.prepare("DELETE FROM callers WHERE principal = ?").run(name);
  }

  async #stored(): Promise<StoredNames> {
    const [temporary, kept] = [await readdir(this.#path("incoming")), await readdir(this.#path("kept"))];
    return { temporary, kept };
  }

  #path(name: string): string {
    return join(this.folder, "data", name);
  }

  #link(id: string, isExpired: boolean, isForeign: boolean): string {
    const expires = Math.floor(Date.now() / 1000) + (isExpired ? -60 : 300);
    const secret = isForeign ? "somebody else's secret" : this.#linkSecret;
    const signature = createHmac("sha256", secret).update(`${id}.${expires}`).digest("hex");
    return `/files/${id}?token=${expires}.${signature}`;
  }

  /** A file stands where the folder was: nobody can write there, not even root. */
  #noStorage(): Fault {
    const [folder, away] = [this.#path("incoming"), this.#path("incoming-away")];
    return {
      inject: async () => {
        await rename(folder, away);
        await writeFile(folder, "");
      },
      heal: async () => {
        await rm(folder);
        await rename(away, folder);
      },
    };
  }

  #lockedRecords(): Fault {
    return {
      inject: async () => void this.#records.exec("BEGIN IMMEDIATE"),
      heal: async () => void this.#records.exec("ROLLBACK"),
    };
  }

  isRunning(): boolean {
    return !this.#child.hasEnded;
  }

  async stop(): Promise<void> {
    this.#records.close();
    await this.#child.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

interface StoredRow {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
  readonly route: string;
  readonly owner: string;
  readonly caption: string;
  readonly note: string | null;
  readonly at: number;
}

function asReceived(row: StoredRow, bytes: Uint8Array | null): ReceivedUpload {
  const { name, type, size, sha256, caption, note, owner } = row;
  const fields: (readonly [string, string])[] = [["caption", caption]];
  if (note !== null) fields.push(["note", note]);
  const isKnown = /^(ann|bob|reader|anybody|new-.*)$/.test(owner);
  if (!isKnown) fields.push(["owner", owner]);
  const file = {
    field: null,
    name,
    mediaType: type,
    sizeBytes: size,
    sha256,
    ...(bytes === null ? {} : { bytes }),
  };
  return { method: "POST", path: row.route, headers: [], fields, files: [file] };
}

function identity(name: string, key: string): Identity {
  return { name, lines: async () => [`Authorization: Bearer ${key}`] };
}

/** Starts one of the services, careful. */
export async function startCheckedService(framework: ServiceFramework): Promise<CheckedService> {
  const folder = await mkdtemp(join(tmpdir(), `checked-${framework}-`));
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "fault"), "");
  await writeFile(join(folder, "log"), "");
  const linkSecret = newKey();
  const port = await freePort();
  const child = new Child(`the ${framework} service`, PYTHON, COMMANDS[framework](port), {
    cwd: SERVICES,
    env: {
      ...process.env,
      FAULT_FILE: join(folder, "fault"),
      SERVICE_DATA: join(folder, "data"),
      SERVICE_LINK_SECRET: linkSecret,
      SERVICE_LOG: join(folder, "log"),
      SERVICE_KEYS: Object.entries(PEOPLE)
        .map(([name, right]) => `${name}:${right}:${KEYS[name as Person]}`)
        .join(","),
    },
  });
  const origin = `http://127.0.0.1:${port}`;
  await child
    .untilReady(() => answers(`${origin}/health/ready`))
    .catch(async (error: unknown) => {
      await child.stop();
      throw error;
    });
  return new CheckedService(framework, origin, folder, linkSecret, child);
}
