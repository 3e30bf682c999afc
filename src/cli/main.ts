#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The program `sluicegate`: one file a command; here they are only named and their options read. A command's file is loaded when it is asked for:
 * all of them together take three times as long to start as the smallest needs.
 *
 * The flag in the first line keeps the space for young objects small: what a gate holds is buffers, and a larger space costs 20 MB for nothing.
 */
import { Command, CommanderError } from "commander";
import { GateError } from "../problems/gate-error.ts";
import { readVersion } from "../setup/read-version.ts";
import { addChangeCommands } from "./add-change-commands.ts";
import { addCompareCommands } from "./add-compare-commands.ts";
import { addConsoleCommands } from "./add-console-commands.ts";
import { addDrillCommands } from "./add-drill-commands.ts";
import { addMeasureCommands } from "./add-measure-commands.ts";
import { withFlows, withHosts, withSettings } from "./command-options.ts";
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
    // `sluicegate deploy --version 1.4.2` is about the deployment.
    .enablePositionalOptions()
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
    .description("draft flow folders from a service's OpenAPI document, or from what a gate has seen pass")
    .option("--openapi <url-or-file>", "for FastAPI: http://127.0.0.1:8000/openapi.json")
    .option(
      "--from-traffic",
      "from the upload routes that the gate of these settings has seen in its traffic",
    )
    .option("--settings <file>", "with --from-traffic: settings file (default: ./sluicegate.yaml)")
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

  addCheckCommands(program, io, exit);
  addMeasureCommands(program, io, exit);
  addCompareCommands(program, io, exit);
  addDrillCommands(program, io, exit);

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

  addChangeCommands(program, io, exit);
  addConsoleCommands(program, io, exit);
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

function addCheckCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  const check = withFlows(
    program.command("check [flow]").description("run the production checklist against an upload route"),
  )
    .option("--target <url>", "where the route is (default: the public address of the settings)")
    .option("--url <url>", "a route that no flow describes yet: its address; with --field and --sample")
    .option("--field <name>", "with --url: the form's field that takes the file")
    .option("--sample <file>", "with --url: a file that the route must take")
    .option("--method <method>", "with --url: POST, PUT or PATCH (default: found out)")
    .option("--raw", "with --url: the body is the file, not a form")
    .option("--max-size <size>", "with --url: the largest file that the route is to take, such as 5MiB")
    .option("--types <types>", "with --url: what the route is to take, such as image/png,image/jpeg, or any")
    .option(
      "--header <line...>",
      "with --url: header lines that each request needs: 'Authorization: Bearer …'",
    )
    .option(
      "--status <number>",
      "with --url: the status of an upload that was taken (default: 200, 201, 202 or 204)",
    )
    .option("--text <name=value...>", "with --url: text fields of the form")
    .option("--write-flow <folder>", "with --url: write the flow folder that was inferred, below this one")
    .option("--profile <name>", "ci, staging (load, too) or prod-safe (at most 10 requests)", "ci")
    .option("--only <ids>", "some checks only: UPL-MP-07, MP-07, MP, UPL-MP-*; separated by commas")
    .option("--skip <ids>", "without these checks")
    .option("--dry-run", "show what would be sent and what it costs; send nothing")
    .option("--max-requests <count>", "at most so many requests")
    .option("--max-bytes <size>", "at most so much is sent")
    .option("--max-time <duration>", "at most so long")
    .option("--report <formats>", "html, json, sarif, junit, md, har; separated by commas (default: html)")
    .option("--out <folder>", "where reports go (default: .sluicegate/runs/RUN)")
    .option("--baseline <run>", "an earlier run to compare with: its run.json, its id, or last");
  withHosts(check, "checked")
    .option(
      "--framework <name>",
      "fastapi, django or flask: whose words remedies are told in (default: found out)",
    )
    .action(async (flow: string | undefined, options) =>
      exit(
        await (await import("./check.ts")).checkCommand(
          { ...options, ...(flow === undefined ? {} : { flow }) },
          io,
        ),
      ),
    );
  withHosts(
    withFlows(
      program
        .command("record <flow>")
        .description("keep the answer to a good upload as what is expected from now on"),
    )
      .option("--target <url>", "where the route is (default: the public address of the settings)")
      .option("--write-expect", "also write its status and its schema under expect: of the flow file"),
    "sent to",
  ).action(async (flow: string, options) =>
    exit(await (await import("./record.ts")).recordCommand({ ...options, flow }, io)),
  );
  withFlows(
    program
      .command("replay <evidence>")
      .description("send the bytes of a case again: RUN/UPL-MP-07/3, or last/UPL-MP-07/3"),
  )
    .option("--target <url>", "another server than then")
    .option("--header <line...>", "header lines of a run with --url that held a secret: they are not kept")
    .option("--sample <file>", "the sample of a run with --url, where it has moved")
    .option("--allow-host <host...>", "a host beside this machine that may be checked")
    .option("--ca <file>", "trust this certificate authority (PEM), too")
    .option("--insecure", "do not verify the target's certificate")
    .action(async (evidence: string, options) =>
      exit(await (await import("./replay.ts")).replayCommand({ ...options, evidence }, io)),
    );
  withFlows(
    program
      .command("waive <id>")
      .description("answer for a check that fails, until a day; kept in the flow's folder"),
  )
    .option("--flow <name>", "of which flow (may be left out where there is one)")
    .requiredOption("--until <date>", "the last day, such as 2027-01-31; at most 180 days ahead")
    .requiredOption("--reason <text>", "why it may fail")
    .requiredOption("--owner <who>", "who answers for it")
    .action(async (id: string, options) =>
      exit(await (await import("./waive.ts")).waiveCommand({ ...options, id }, io)),
    );
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

function explainFailure(error: unknown, io: CommandIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_COULD_NOT_RUN;
  if (!(error instanceof GateError)) throw error;
  io.err(`sluicegate: ${error.publicMessage}`);
  if (error.expected !== null) io.err(`  expected: ${error.expected}`);
  if (error.seen !== null) io.err(`  seen: ${error.seen}`);
  return EXIT_COULD_NOT_RUN;
}

process.exitCode = await main(process.argv.slice(2), processIo());
