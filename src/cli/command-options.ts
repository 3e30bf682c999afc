/**
 * Options that several commands have in the same words.
 */
import type { Command } from "commander";

/** Of commands about a gate. */
export const withSettings = (command: Command): Command =>
  command.option("--settings <file>", "settings file (default: ./sluicegate.yaml)");

/** Of commands about flows. */
export const withFlows = (command: Command): Command =>
  withSettings(command).option("--flows <folder>", "flows folder, when there are no settings");

/** Of commands that send something. @param done what is done to a host: `checked`, `loaded`, `sent to` */
export const withHosts = (command: Command, done: string, whose = "target"): Command =>
  command
    .option(
      "--allow-host <host...>",
      `a host beside this machine that may be ${done}; it must prove that it is yours`,
    )
    .option("--ca <file>", "trust this certificate authority (PEM), too")
    .option("--insecure", `do not verify the ${whose}'s certificate`);
