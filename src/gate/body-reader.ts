/**
 * From bytes to an intake, by the protocol of the plan: one interface for a body that is received and for a body that is observed.
 */
import { GateError } from "../problems/gate-error.ts";
import { MultipartParser } from "../protocols/multipart/multipart-parser.ts";
import { withDigests } from "./body-digests.ts";
import type { BodyIntake } from "./body-intake.ts";
import { type BodyPlan, PART_HEADER_BYTES_MAX } from "./judge-request.ts";

const PART_HEADERS_MAX = 8;

/** Bytes in, parts into the intake. Both methods throw GateErrors; after one, nothing more may be written. */
export interface BodyReader {
  readonly bytesRead: number;
  write(chunk: Uint8Array): void;
  end(): void;
}

/** Makes the reader of a plan. */
export function readBody(plan: BodyPlan, intake: BodyIntake): BodyReader {
  const reader = plan.protocol === "multipart" ? multipartReader(plan, intake) : rawReader(plan, intake);
  return withDigests(reader, plan.digests);
}

function multipartReader(plan: Extract<BodyPlan, { protocol: "multipart" }>, intake: BodyIntake): BodyReader {
  const limits = {
    partsMax: plan.partsMax,
    partHeaderBytesMax: PART_HEADER_BYTES_MAX,
    partHeadersMax: PART_HEADERS_MAX,
  };
  const parser = new MultipartParser(plan.boundary, limits, intake);
  return countingReader(
    (chunk, total) => {
      if (total > plan.bodyBytesMax) throw tooLarge(plan.bodyBytesMax);
      parser.write(chunk);
    },
    () => parser.end(),
  );
}

function rawReader(plan: Extract<BodyPlan, { protocol: "raw" }>, intake: BodyIntake): BodyReader {
  intake.rawBegin(plan.file);
  return countingReader(
    (chunk) => intake.partData(chunk),
    () => {
      intake.partEnd();
      intake.bodyEnd();
    },
  );
}

function countingReader(take: (chunk: Uint8Array, total: number) => void, end: () => void): BodyReader {
  let bytesRead = 0;
  return {
    get bytesRead() {
      return bytesRead;
    },
    write(chunk) {
      bytesRead += chunk.length;
      take(chunk, bytesRead);
    },
    end,
  };
}

function tooLarge(limitBytes: number): GateError {
  return new GateError("BODY_TOO_LARGE", {
    expected: `at most ${limitBytes} bytes`,
    seen: "more",
    details: { limitBytes },
  });
}
