/**
 * Whoever runs this command, for records that people read.
 */
import { userInfo } from "node:os";

/** The name of the machine's user; behind sudo, of whoever said it. */
export function whoRuns(): string {
  const sudo = process.env.SUDO_USER;
  if (sudo !== undefined && sudo !== "") return sudo;
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
