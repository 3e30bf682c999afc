/**
 * The command `drill`, named and its options read.
 */
import type { Command } from "commander";
import { withFlows, withHosts } from "./command-options.ts";
import type { CommandIo } from "./io.ts";

export function addDrillCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  const command = program
    .command("drill <flow> [kinds...]")
    .description(
      "make a failure on purpose, on a gate of its own, and judge what became of uploads meanwhile",
    )
    .option("--all", "every kind of failure, one after the other")
    .option("--dry-run", "say what would be done; start and send nothing")
    .option("--target <url>", "the service behind (default: the flow's upstream in the settings)")
    .option("--stand-in", "leave the service out: a stand-in of the drill takes what is sent to it")
    .option("--yes", "go on although the service is not on this machine")
    .option("--out <folder>", "where the report goes, below drills/ (default: the flow's folder)")
    .option("--json", "the reports as JSON on standard output, in place of words");
  withHosts(withFlows(command), "sent to", "service").action(async (flow: string, kinds: string[], options) =>
    exit(await (await import("./drill.ts")).drillCommand({ ...options, flow, kinds }, io)),
  );
}
