/**
 * Reads what is stored as a whole: by a path that lists it, or by a command that prints it.
 */
import { GateError, quoteSeen } from "../../problems/gate-error.ts";
import { listedEntries, printedEntries } from "./listed-entries.ts";
import type { ReadListing } from "./listing-watch.ts";
import { type CommandPlace, runCommand } from "./run-command.ts";
import type { SightClient } from "./sight-client.ts";

/** Of a path. A listing that is longer than what is kept of an answer cannot be compared. */
export function listingAt(client: SightClient, path: string): ReadListing {
  return async () => {
    const answer = await client.get(path);
    if (answer?.status !== 200 || !answer.isWhole || answer.bytes.length < answer.sizeBytes) return null;
    return listedEntries(answer.bytes.toString(), answer.headers["content-type"] ?? null);
  };
}

/** Of a command. @throws CHECK_COMMAND_FAILED, CHECK_COMMAND_OUTPUT */
export function listingBy(line: string, place: CommandPlace): ReadListing {
  return async () => {
    const printed = await runCommand(line, place, { what: "read-back" });
    const entries = printedEntries(printed);
    if (!("wrong" in entries)) return entries;
    throw new GateError("CHECK_COMMAND_OUTPUT", {
      message: `The command of read-back must print one JSON object a line, such as {"name":"a.png","size":120,"sha256":"…"}; it printed ${quoteSeen(place.secrets.redact(entries.wrong))}.`,
    });
  };
}
