/**
 * `compare` and `plan` with their options; what they do is loaded when they are asked for.
 */
import type { Command } from "commander";
import { withFlows, withHosts } from "./command-options.ts";
import type { CompareArguments } from "./compare-options.ts";
import type { CommandIo } from "./io.ts";

/** Adds both to the program. */
export function addCompareCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  withOptions(
    program
      .command("compare [flow]")
      .description("measure two versions of a route that differ in one thing, and say which is faster"),
  )
    .option(
      "--logs <files...>",
      "compare two logs instead, the one from before first: a suspicion, never a proof",
    )
    .option("--again <id>", "judge a comparison that was kept once more, from its evidence alone; or: last")
    .option("--json", "print the comparison as JSON")
    .option("--report <formats>", "html, md; separated by commas", "html")
    .option("--out <folder>", "where reports go (default: .sluicegate/comparisons/ID)")
    .action(async (flow: string | undefined, options) =>
      exit(await (await import("./compare.ts")).compareCommand(withFlow(flow, options), io)),
    );
  withOptions(
    program
      .command("plan <flow>")
      .description("say what `compare` would send, how long it takes and what it could see; sends nothing"),
  ).action(async (flow: string, options) =>
    exit(await (await import("./plan.ts")).planCommand(withFlow(flow, options), io)),
  );
}

function withOptions(command: Command): Command {
  command
    .option("--a <url>", "before: its address; with --switch the word that stands for {arm}")
    .option("--b <url>", "after: its address; with --switch the word that stands for {arm}")
    .option("--switch <command>", "one host that is switched by this command: './deploy.sh {arm}'")
    .option(
      "--target <url>",
      "with --switch: where the host is (default: the public address of the settings)",
    )
    .option("--variable <key>", "the one thing that differs, by its key in the fingerprint: git.commit")
    .option("--expect <change>", "the change of time that you hope for: -20%")
    .option("--pairs <count>", "how many pairs (default: 20, or as many as --expect takes)")
    .option("--requests <count>", "uploads in each half of a pair (default: 100)")
    .option(
      "--rate <rate>",
      "uploads a second, such as 20/s (default: the flow's, or half of what the route can do)",
    )
    .option("--timeout <duration>", "so long may one upload take (default: 30 s)")
    .option("--quick", "10 pairs only: sees large changes, and says how large they must be")
    .option("--seed <number>", "draws orders and schedules as another comparison did")
    .option("--ignore <keys>", "keys of the fingerprint that differ by their nature; separated by commas");
  return withHosts(withFlows(command), "loaded");
}

const withFlow = (flow: string | undefined, options: Omit<CompareArguments, "flow">): CompareArguments => ({
  ...options,
  ...(flow === undefined ? {} : { flow }),
});
