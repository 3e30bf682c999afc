/**
 * The commands about changes: their records, the way back, and marks of deployments.
 */
import type { Command } from "commander";
import { withFlows } from "./command-options.ts";
import type { CommandIo } from "./io.ts";

export function addChangeCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  const change = program
    .command("change")
    .description(
      "keep a record of a change: what was slow, the one variable, figures before and after, the verdict",
    );
  addWriting(change, io, exit);
  addReading(change, io, exit);
  addRollbackAndDeploy(program, io, exit);
}

function addRollbackAndDeploy(program: Command, io: CommandIo, exit: (code: number) => void): void {
  withFlows(
    program
      .command("rollback <flow>")
      .description(
        "show how a flow is undone; run the noted command when that is confirmed, and record that it was tried",
      ),
  )
    .option("--yes", "run it without asking")
    .option("--dry-run", "only show it")
    .option("--timeout <duration>", "end it after so long (default: 2 min)")
    .option("--who <name>", "who runs it, for the record (default: the user of this machine)")
    .action(async (flow: string, options) =>
      exit(await (await import("./rollback.ts")).rollbackCommand({ ...options, flow }, io)),
    );
  program
    .command("deploy")
    .description(
      "tell the gate that runs that something was deployed, so that it can say whether that changed anything",
    )
    .option("--settings <file>", "settings file (default: ./sluicegate.yaml)")
    .option("--version <version>", "what was deployed (default: git describe --always --dirty)")
    .option("--flow <name>", "of one flow only")
    .option("--note <text>", "what one should know of it")
    .action(async (options) => exit(await (await import("./deploy.ts")).deployCommand(options, io)));
}

function addWriting(change: Command, io: CommandIo, exit: (code: number) => void): void {
  withFlows(change.command("new <flow>").description("open a record in the flow's folder"))
    .requiredOption("--title <text>", "what is changed, in a line")
    .option("--owner <who>", "who answers for the change (default: the flow's owner)")
    .option("--slow-query <text>", "the query that is slow")
    .option("--failing-command <text>", "the command that fails")
    .option("--hypothesis <text>", "why it is so, and why the change would mend it")
    .option("--variable <key>", "the one thing that differs between before and after, such as git.commit")
    .option("--expect <change>", "what should come out, such as -30% or same")
    .action(async (flow: string, options) =>
      exit(await (await import("./change-new.ts")).changeNewCommand({ ...options, flow }, io)),
    );
  withFlows(
    change
      .command("measure <number> <side>")
      .description("fill in the figures, before or after, from a measurement that was kept"),
  )
    .option("--measurement <id>", "which one (default: the newest of the flow with that label); or: last")
    .option("--flow <name>", "where records of two flows have the number")
    .option("--overwrite", "also where somebody has changed the figures by hand")
    .action(async (number: string, side: string, options) =>
      exit(
        await (await import("./change-measure.ts")).changeMeasureCommand(
          { ...options, change: number, side },
          io,
        ),
      ),
    );
  withFlows(change.command("close <number>").description("end a record, in the word of a comparison"))
    .option("--comparison <id>", "the comparison that decides; or: last")
    .option("--assume <text...>", "what was assumed beside, a sentence each")
    .option(
      "--as <word>",
      "success: exit 1 where the comparison does not say so; it is closed in its word then",
    )
    .option("--without-comparison", "end it without knowing; with --reason")
    .option("--reason <text>", "why nothing was compared")
    .option("--flow <name>", "where records of two flows have the number")
    .option("--overwrite", "also where it is closed already, or somebody has changed the verdict by hand")
    .action(async (number: string, options) =>
      exit(await (await import("./change-close.ts")).changeCloseCommand({ ...options, change: number }, io)),
    );
}

function addReading(change: Command, io: CommandIo, exit: (code: number) => void): void {
  withFlows(change.command("list").description("list the records of all flows"))
    .option("--flow <name>", "of one flow only")
    .option("--open", "only those that are open")
    .option("--json", "as JSON")
    .action(async (options) => exit(await (await import("./change-list.ts")).changeListCommand(options, io)));
  withFlows(change.command("show <number>").description("print a record"))
    .option("--flow <name>", "where records of two flows have the number")
    .option("--json", "as JSON")
    .action(async (number: string, options) =>
      exit(await (await import("./change-list.ts")).changeShowCommand({ ...options, change: number }, io)),
    );
  withFlows(
    change
      .command("check [number]")
      .description("say whether figures were changed by hand, and what is missing; exit 1 where they were"),
  )
    .option("--flow <name>", "of one flow only")
    .option("--json", "as JSON")
    .action(async (number: string | undefined, options) =>
      exit(
        await (await import("./change-check.ts")).changeCheckCommand(
          { ...options, ...(number === undefined ? {} : { change: number }) },
          io,
        ),
      ),
    );
}
