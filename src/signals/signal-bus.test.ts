import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSignal } from "../../fixtures/signals/sample-signal.ts";
import { SignalBus } from "./signal-bus.ts";

test("every listener hears every signal, until it is taken out", () => {
  const bus = new SignalBus(() => {});
  const heard: string[] = [];
  assert.equal(bus.isHeard, false);
  bus.add({ take: ({ requestId }) => heard.push(`one ${requestId}`) });
  const leave = bus.add({ take: ({ requestId }) => heard.push(`two ${requestId}`) });
  bus.take(sampleSignal({ requestId: "a" }));
  leave();
  bus.take(sampleSignal({ requestId: "b" }));
  assert.deepEqual(heard, ["one a", "two a", "one b"]);
});

test("a listener that throws disturbs neither the request nor the others, and is told of once", () => {
  const faults: unknown[] = [];
  const bus = new SignalBus((error) => faults.push(error));
  const fault = new Error("broken listener");
  let heard = 0;
  bus.add({
    take: () => {
      throw fault;
    },
  });
  bus.add({
    take: () => {
      heard += 1;
    },
  });
  bus.take(sampleSignal());
  bus.take(sampleSignal());
  assert.equal(heard, 2);
  assert.deepEqual(faults, [fault]);
});
