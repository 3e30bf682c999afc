/**
 * The EICAR test file: harmless text that every scanner for malware reports.
 *
 * Always holds: it is put together at run time only. In the repository, and in what is published, lie two pieces that no scanner knows, one of them
 * backwards, so that no tool that folds constants joins them.
 * @see https://www.eicar.org/download-anti-malware-testfile/
 */
import { latin1 } from "./bytes.ts";

const FIRST = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$";
const SECOND_BACKWARDS = "*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE";

/** 68 bytes. */
export function testVirus(): Uint8Array {
  return latin1(FIRST + [...SECOND_BACKWARDS].toReversed().join(""));
}

/** As many bytes that no scanner reports. */
export function noVirus(): Uint8Array {
  return latin1(`${"An ordinary text of sixty-eight characters, no more and no ".padEnd(67, "-")}\n`);
}
