import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FingerprintedFile, type FingerprintedPart, fingerprintOf } from "./fingerprint.ts";
import { derivedKeyScope, sentKeyScope } from "./key-scope.ts";

const FILE = {
  kind: "file",
  name: "picture",
  file: { declaredName: "cat.png", declaredType: "image/png", sizeBytes: 70, sha256: "ab".repeat(32) },
} as const satisfies FingerprintedPart;
const CAPTION = { kind: "field", name: "caption", value: "Grüße" } as const satisfies FingerprintedPart;
const UPLOAD = { method: "POST", target: "/api/avatars?size=2", parts: [CAPTION, FILE] };

function otherFile(change: Partial<FingerprintedFile>): FingerprintedPart {
  return { ...FILE, file: { ...FILE.file, ...change } };
}

test("the same upload has the same fingerprint, as a copy too", () => {
  assert.match(fingerprintOf(UPLOAD), /^[0-9a-f]{64}$/);
  assert.equal(fingerprintOf(structuredClone(UPLOAD)), fingerprintOf(UPLOAD));
});

test("whatever reaches the service counts", () => {
  const others = [
    { ...UPLOAD, method: "PUT" },
    { ...UPLOAD, target: "/api/avatars?size=3" },
    { ...UPLOAD, target: "/api/avatars" },
    { ...UPLOAD, parts: [FILE, CAPTION] },
    { ...UPLOAD, parts: [FILE] },
    { ...UPLOAD, parts: [CAPTION, FILE, FILE] },
    { ...UPLOAD, parts: [{ ...CAPTION, value: "Grüsse" }, FILE] },
    { ...UPLOAD, parts: [{ ...CAPTION, name: "caption2" }, FILE] },
    { ...UPLOAD, parts: [CAPTION, { ...FILE, name: "picture2" }] },
    { ...UPLOAD, parts: [CAPTION, otherFile({ declaredName: "dog.png" })] },
    { ...UPLOAD, parts: [CAPTION, otherFile({ declaredName: null })] },
    { ...UPLOAD, parts: [CAPTION, otherFile({ declaredName: "" })] },
    { ...UPLOAD, parts: [CAPTION, otherFile({ declaredType: "image/jpeg" })] },
    { ...UPLOAD, parts: [CAPTION, otherFile({ sizeBytes: 71 })] },
    { ...UPLOAD, parts: [CAPTION, otherFile({ sha256: "cd".repeat(32) })] },
  ];
  const fingerprints = new Set([UPLOAD, ...others].map(fingerprintOf));
  assert.equal(fingerprints.size, others.length + 1);
});

test("no two different uploads have one fingerprint, wherever a value ends and the next begins", (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\u0000", "\ud800", "\ud801"), maxLength: 3 });
  const part: fc.Arbitrary<FingerprintedPart> = fc.oneof(
    fc.record({ kind: fc.constant("field" as const), name: text, value: text }),
    fc.record({
      kind: fc.constant("file" as const),
      name: text,
      file: fc.record({
        declaredName: fc.option(text),
        declaredType: fc.option(text),
        sizeBytes: fc.nat(3),
        sha256: text,
      }),
    }),
  );
  const upload = fc.record({ method: text, target: text, parts: fc.array(part, { maxLength: 3 }) });
  fc.assert(
    fc.property(upload, upload, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(fingerprintOf(one) === fingerprintOf(other), isSame);
    }),
    { seed, numRuns: 3_000 },
  );
});

test("no two different owners or keys have one scope, and a derived key is never a sent one", (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.diagnostic(`seed ${seed}`);
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "\u0000", "/", "\ud800", "\ud801"),
    maxLength: 4,
  });
  const owned = fc.record({ flow: text, principal: text, key: text });
  fc.assert(
    fc.property(owned, owned, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(sentKeyScope(one, one.key) === sentKeyScope(other, other.key), isSame);
      assert.equal(derivedKeyScope(one, one.key) === derivedKeyScope(other, other.key), isSame);
      assert.notEqual(sentKeyScope(one, one.key), derivedKeyScope(other, other.key));
    }),
    { seed, numRuns: 3_000 },
  );
});
