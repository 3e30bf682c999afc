#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The program `sluicegate`: one file a command; here they are only named and their options read. A command's file is loaded when it is asked for:
 * all of them together take three times as long to start as the smallest needs.
 *
 * The flag in the first line keeps the space for young objects small: what a gate holds is buffers, and a larger space costs 20 MB for nothing.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, CommanderError } from "commander";
import { GateError } from "../problems/gate-error.ts";
import { type CommandIo, processIo } from "./io.ts";

const EXIT_COULD_NOT_RUN = 2;

/** Runs a command line; resolves with the exit code. */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  let exitCode = 0;
  const program = makeProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    return explainFailure(error, io);
  }
}

function makeProgram(io: CommandIo, exit: (code: number) => void): Command {
  const program = new Command("sluicegate")
    .description(
      "Hardened file uploads for Python services. Describe an upload route once: enforce it, verify it, watch it.",
    )
    .version(readVersion(), "-v, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });

  withSettings(program.command("serve").description("run the gate"))
    .option("--listen <address>", "public address, host:port, in place of the settings'")
    .option("--operator <address>", "operator's address, host:port, in place of the settings'")
    .option("--upstream <[name=]url...>", "URL of an upstream; alone it is enough to start with the defaults")
    .action(async (options) => exit(await (await import("./serve.ts")).serveCommand(options, io)));

  program
    .command("lint")
    .description(
      "say everything that is wrong with the settings and the flows, with line and column; then what is legal and unwise",
    )
    .option("--settings <file>", "settings file (default: ./sluicegate.yaml)")
    .option("--flows <folder>", "flows folder, when there are no settings")
    .option("--format <format>", "text or json", "text")
    .option("--strict", "exit code 1 also where there are only warnings")
    .action(async (options) => exit(await (await import("./lint.ts")).lintCommand(options, io)));

  program
    .command("explain <flow>")
    .description("say in plain sentences what a flow means")
    .option("--settings <file>", "settings file (default: ./sluicegate.yaml)")
    .option("--flows <folder>", "flows folder, when there are no settings")
    .action(async (flow: string, options) =>
      exit(await (await import("./explain.ts")).explainCommand({ ...options, flow }, io)),
    );

  program
    .command("mode <flow> <mode>")
    .description(
      "set a flow to off, observe or enforce: changes that one word in its file and reloads a running gate",
    )
    .option("--settings <file>", "settings file (default: ./sluicegate.yaml)")
    .option("--flows <folder>", "flows folder, when there are no settings")
    .action(async (flow: string, mode: string, options) =>
      exit(
        await (await import("./mode.ts")).modeCommand(
          { ...options, flow, mode },
          io,
          (await import("./reload.ts")).reloadRunningGate,
        ),
      ),
    );

  program
    .command("init")
    .description("draft flow folders from a service's OpenAPI document")
    .requiredOption("--openapi <url-or-file>", "for FastAPI: http://127.0.0.1:8000/openapi.json")
    .option("--into <folder>", "where the flow folders go", "flows")
    .option("--upstream <name>", "name of the upstream in sluicegate.yaml")
    .action(async (options) => exit(await (await import("./init.ts")).initCommand(options, io)));

  withSettings(program.command("uploads").description("list the newest uploads and what became of them"))
    .option("--flow <name>", "of one flow only")
    .option("--state <state>", "in one state only")
    .option("--limit <count>", "how many at most", "20")
    .option("--json", "whole records as JSON")
    .action(async (options) => exit(await (await import("./uploads.ts")).uploadsCommand(options, io)));

  withSettings(program.command("show <id>").description("say what happened to one upload"))
    .option("--json", "the whole record as JSON")
    .action(async (id: string, options) =>
      exit(await (await import("./show.ts")).showCommand({ ...options, id }, io)),
    );

  program
    .command("checks [id]")
    .description("list what `check` looks for, or explain one check: why, the bytes, what to do about it")
    .option("--case <number>", "the bytes of another case than the first")
    .option("--json", "as JSON")
    .action(async (id: string | undefined, options) =>
      exit(
        await (await import("./checks.ts")).checksCommand(
          { ...options, ...(id === undefined ? {} : { id }) },
          io,
        ),
      ),
    );

  addDeliveryCommands(program, io, exit);
  addKeyCommands(program.command("key"), io, exit);
  addAuditCommands(program.command("audit"), io, exit);

  withSettings(
    program
      .command("keys <action>")
      .description(
        "list or rotate the keys that the gate signs receipts with (keys that clients send: see `key`)",
      ),
  ).action(async (action: string, options) =>
    exit(await (await import("./keys.ts")).keysCommand(action, options, io)),
  );

  withSettings(program.command("reload").description("tell a running gate to read its flows again")).action(
    async (options) => exit(await (await import("./reload.ts")).reloadCommand(options, io)),
  );
  return program;
}

function addDeliveryCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  withSettings(
    program
      .command("deliveries")
      .description("list uploads that are kept because their service could not be told"),
  )
    .option("--flow <name>", "of one flow only")
    .option("--json", "as JSON")
    .action(async (options) => exit(await (await import("./deliveries.ts")).deliveriesCommand(options, io)));
  withSettings(program.command("retry [id]").description("try to deliver a kept upload again now"))
    .option("--all", "every one that waits")
    .option("--flow <name>", "with --all: of one flow only")
    .option("--may-double", "also where the service may have it already")
    .action(async (id: string | undefined, options) =>
      exit(
        await (await import("./retry.ts")).retryCommand(
          { ...options, ...(id === undefined ? {} : { id }) },
          io,
        ),
      ),
    );
  withSettings(
    program.command("give-up <id>").description("end a delivery for good and remove the upload's bytes"),
  )
    .requiredOption("--reason <text>", "why; kept in the record and in the audit")
    .action(async (id: string, options) =>
      exit(await (await import("./give-up.ts")).giveUpCommand({ ...options, id }, io)),
    );
}

function addKeyCommands(key: Command, io: CommandIo, exit: (code: number) => void): void {
  key.description(
    "add, list or revoke API keys, which clients send to upload (keys that sign receipts: see `keys`)",
  );
  withSettings(
    key.command("add <name>").description("make an API key and print it, this once, on standard output"),
  )
    .option("--principal <name>", "who sends with it, in records and receipts (default: the key's name)")
    .option("--scope <scope...>", "what it may, for flows that require a scope")
    .option("--flow <flow...>", "flows that it opens (default: all with caller: api-key)")
    .option("--expires <duration>", "how long it is valid, such as 90d (default: until it is revoked)")
    .action(async (name: string, options) =>
      exit(await (await import("./key-add.ts")).keyAddCommand({ ...options, name }, io)),
    );
  withSettings(key.command("list").description("list API keys and their state"))
    .option("--json", "as JSON")
    .action(async (options) => exit(await (await import("./key-list.ts")).keyListCommand(options, io)));
  withSettings(
    key.command("revoke <id>").description("end an API key at once, also for uploads that are under way"),
  ).action(async (id: string, options) =>
    exit(await (await import("./key-revoke.ts")).keyRevokeCommand({ ...options, id }, io)),
  );
}

function addAuditCommands(audit: Command, io: CommandIo, exit: (code: number) => void): void {
  audit.description("list the gate's decisions, or prove that none was changed or removed since");
  withSettings(
    audit
      .command("verify")
      .description("check the chain of hashes over all entries; exit 1 where it is broken"),
  )
    .option(
      "--expect <number:hash>",
      "a head that an earlier run printed: shows also whether the newest entries were cut off, or all were written anew",
    )
    .option("--json", "as JSON")
    .action(async (options) => exit(await (await import("./audit.ts")).auditVerifyCommand(options, io)));
  withSettings(audit.command("list").description("list the newest decisions: who, what, by which rule"))
    .option("--flow <name>", "of one flow only")
    .option("--upload <id>", "of one upload only")
    .option("--principal <name>", "of one principal only")
    .option("--limit <count>", "how many at most", "20")
    .option("--json", "whole entries as JSON")
    .action(async (options) => exit(await (await import("./audit.ts")).auditListCommand(options, io)));
}

const withSettings = (command: Command): Command =>
  command.option("--settings <file>", "settings file (default: ./sluicegate.yaml)");

/** From the package's own description, the nearest above this file: in the checkout, in the package, and in any other build. */
function readVersion(): string {
  for (let folder = dirname(import.meta.filename); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  return "unknown";
}

function explainFailure(error: unknown, io: CommandIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_COULD_NOT_RUN;
  if (!(error instanceof GateError)) throw error;
  io.err(`sluicegate: ${error.publicMessage}`);
  if (error.expected !== null) io.err(`  expected: ${error.expected}`);
  if (error.seen !== null) io.err(`  seen: ${error.seen}`);
  return EXIT_COULD_NOT_RUN;
}

process.exitCode = await main(process.argv.slice(2), processIo());
