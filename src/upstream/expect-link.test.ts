import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { bodyOf, listen, startCall, startGate, startRawService } from "../../test/upstream/relay-gate.ts";

test("Expect: 100-continue goes to the service, and its 100 comes back before the body is sent", async () => {
  const order: string[] = [];
  const server = createServer((_req, res) => res.end("never"));
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
    if (req.url === "/no") return void res.writeHead(417, { Connection: "close" }).end("no");
    order.push("service asks");
    res.writeContinue();
    bodyOf(req).then((body) => res.end(`got ${body.length}`));
  });
  const gate = await startGate(`http://127.0.0.1:${await listen(server)}`);
  for (const framing of [{ "Content-Length": 5 }, { "Transfer-Encoding": "chunked" }]) {
    const headers = { Expect: "100-continue", ...framing };
    const req = startCall({ port: gate.port, method: "PUT", headers });
    const answered = once(req, "response") as Promise<[IncomingMessage]>;
    req.flushHeaders();
    await once(req, "continue");
    order.push("client sends");
    req.end("12345");
    const [res] = await answered;
    assert.equal((await bodyOf(res)).toString(), "got 5");
  }
  assert.deepEqual(order, ["service asks", "client sends", "service asks", "client sends"]);

  const headers = { Expect: "100-continue", "Content-Length": 5 };
  const req = startCall({ port: gate.port, method: "PUT", path: "/no", headers });
  req.on("continue", () => assert.fail("no 100 was sent"));
  req.flushHeaders();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal(res.statusCode, 417);
  assert.equal((await bodyOf(res)).toString(), "no");
  req.destroy();
});

test("a service that does not know Expect gets the body after a second", async () => {
  const url = await startRawService((socket) => {
    socket.on("data", (chunk) => {
      if (chunk.includes("12345"))
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
  });
  const gate = await startGate(url);
  const headers = { Expect: "100-continue", "Content-Length": 5 };
  const req = startCall({ port: gate.port, method: "PUT", headers });
  req.flushHeaders();
  await once(req, "continue");
  req.end("12345");
  const [res] = (await once(req, "response")) as [IncomingMessage];
  assert.equal((await bodyOf(res)).toString(), "ok");
});
