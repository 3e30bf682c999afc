/**
 * Starts the service that large uploads are forwarded to.
 */
import { join } from "node:path";
import { freePort, type Server, startServer } from "./server.ts";

/** A Node process that reads and forgets: cheaper than any service that keeps what it gets. */
export async function startSink(folder: string): Promise<Server> {
  const port = await freePort();
  const program = join(import.meta.dirname, "discarding-service.ts");
  return startServer({
    name: "sink",
    command: process.execPath,
    args: [program, String(port)],
    port,
    folder,
  });
}
