/**
 * A service that reads a body to its end and forgets it: a program of its own, so that its work is not counted as the gate's.
 *
 *   node bench/servers/discarding-service.ts PORT
 */
import { createServer } from "node:http";

const server = createServer({ requestTimeout: 0 }, (req, res) => {
  let size = 0;
  req.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  req.on("end", () => {
    res.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ size }));
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
