/**
 * Reads every case of `fixtures/multipart/` and every body of `fixtures/clients/` whole, byte by byte and cut at random places.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Fixture,
  readClientFixtures,
  readMultipartFixtures,
} from "../../../test/protocols/multipart-fixtures.ts";
import {
  byteByByte,
  type Reading,
  randomSplits,
  readChunks,
  seededRandom,
} from "../../../test/protocols/multipart-reading.ts";
import { GateError } from "../../problems/gate-error.ts";
import { readBoundary } from "./content-type.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = seededRandom(seed);
const RANDOM_RUNS = 3;
/** Larger bodies are not read byte by byte, but in pieces of so many bytes at most. */
const BYTE_BY_BYTE_MAX = 20_000;

function read({ contentType, limits }: Fixture, chunks: Iterable<Uint8Array>): Reading {
  let boundary: string;
  try {
    boundary = readBoundary(contentType);
  } catch (error) {
    assert.ok(error instanceof GateError);
    return { code: error.code, byteOffset: Number(error.details.byteOffset) };
  }
  return readChunks(boundary, chunks, limits);
}

function check(fixture: Fixture): void {
  const { body, expected } = fixture;
  assert.deepEqual(read(fixture, [body]), expected, "whole");
  const pieces = body.length <= BYTE_BY_BYTE_MAX ? byteByByte(body) : randomSplits(body, random, 3000);
  assert.deepEqual(read(fixture, pieces), expected, "byte by byte");
  for (let run = 0; run < RANDOM_RUNS; run++) {
    assert.deepEqual(read(fixture, randomSplits(body, random, 100)), expected, `cut at random, SEED=${seed}`);
  }
}

const cases = readMultipartFixtures();
for (const fixture of cases) test(`${fixture.name}: ${fixture.about}`, () => check(fixture));

// A client fixture says what was sent, not where it lies in the body.
for (const fixture of readClientFixtures()) {
  test(`client ${fixture.name}`, () => {
    const whole = read(fixture, [fixture.body]);
    const { expected } = fixture;
    if ("code" in expected) assert.equal("code" in whole ? whole.code : "accepted", expected.code);
    else {
      assert.ok("parts" in whole, "code" in whole ? whole.code : "");
      const seen = whole.parts.map((part) => ({ ...part, byteOffset: 0 }));
      assert.deepEqual(seen, expected.parts);
    }
    check({ ...fixture, expected: whole });
  });
}

test("there are cases for every lesson and class of checks that is a matter of the body", () => {
  const covered = new Set(cases.flatMap(({ lessons }) => lessons));
  const bodyMatters = ["T1", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T11", "T12"].concat(
    ["01", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13"].map((number) => `MP-${number}`),
  );
  assert.deepEqual(
    bodyMatters.filter((lesson) => !covered.has(lesson)),
    [],
  );
});
