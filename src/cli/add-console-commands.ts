/**
 * The commands about the operator's console.
 */
import type { Command } from "commander";
import type { CommandIo } from "./io.ts";

export function addConsoleCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("console")
    .description("say where the console of the running gate is, and print a link that signs in once")
    .option("--settings <file>", "settings file (default: ./sluicegate.yaml)")
    .option("--json", "as JSON")
    .action(async (options) => exit(await (await import("./console.ts")).consoleCommand(options, io)));
}
