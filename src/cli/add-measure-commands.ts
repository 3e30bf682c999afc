/**
 * `measure` with its options; what it does is loaded when it is asked for.
 */
import type { Command } from "commander";
import { withFlows, withHosts } from "./command-options.ts";
import type { CommandIo } from "./io.ts";
import type { MeasureArguments } from "./measure-options.ts";

/** Adds it to the program. */
export function addMeasureCommands(program: Command, io: CommandIo, exit: (code: number) => void): void {
  const command = program
    .command("measure <flow>")
    .description("load an upload route for a moment: response time, errors, cache, database calls")
    .option("--target <url>", "where the route is (default: the public address of the settings)")
    .option("--label <name>", "what this is, such as before or after")
    .option(
      "--rate <rate>",
      "uploads a second, such as 20/s (default: the flow's, or half of what the route can do)",
    )
    .option("--requests <count>", "so many uploads (default: as many as fit into 30 s, at least 120)")
    .option("--time <duration>", "so long, such as 1min, in place of --requests")
    .option("--max-bytes <size>", "at most so much is sent (default: 1GiB)")
    .option("--timeout <duration>", "so long may one upload take (default: 30s)")
    .option(
      "--warm",
      "send a few files again and again, so that caches answer, in place of a new one each time",
    )
    .option("--seed <number>", "the same schedule as another measurement")
    .option("--baseline", "keep it in the flow's folder as baseline.json, the one to compare with")
    .option(
      "--again <id>",
      "compute the figures of a kept measurement once more, from its requests alone; sends nothing",
    )
    .option("--dry-run", "say what would be sent; send nothing")
    .option("--json", "print the measurement as JSON");
  withHosts(withFlows(command), "loaded").action(
    async (flow: string, options: Omit<MeasureArguments, "flow">) =>
      exit(await (await import("./measure.ts")).measureCommand({ ...options, flow }, io)),
  );
}
