/**
 * Looks for script and markup in places of a binary file where free text may stand: comments, metadata, unknown chunks.
 *
 * In: pieces of one region, in order. Out: the first hit. What always holds: a mark that lies across two pieces is found; time is
 * linear. It is not for compressed data, and never looks for `<?=`: three bytes are found in one of five honest 5 MB pictures.
 */
import type { Finding } from "../../uploads/finding.ts";
import { refusal } from "../flaw.ts";

const MARKS = /<\?php|<script|<html|<!doctype html|<iframe|<%@ ?page|<jsp:|__halt_compiler/i;
const MARK_BYTES_MAX = 16;

/** One region's search. Make a new one for each region. */
export class MarkupScan {
  #carry = "";
  #hit: { offset: number; mark: string } | null = null;

  /** Takes the next piece; `offset` is its place in the file. */
  push(piece: Buffer, offset: number): void {
    if (this.#hit !== null) return;
    const text = this.#carry + piece.toString("latin1");
    const match = MARKS.exec(text);
    if (match !== null) this.#hit = { offset: offset - this.#carry.length + match.index, mark: match[0] };
    this.#carry = text.slice(-(MARK_BYTES_MAX - 1));
  }

  /** FILE_SECOND_FORMAT for the first mark, or `null`. `region` says in words where it was looked for. */
  finding(region: string): Finding | null {
    if (this.#hit === null) return null;
    const seen = `${nameOf(this.#hit.mark)} in ${region}`;
    return refusal("FILE_SECOND_FORMAT", this.#hit.offset, "no script or markup", seen);
  }
}

function nameOf(mark: string): string {
  const word = mark.toLowerCase();
  if (word === "<?php") return "PHP code";
  if (word === "__halt_compiler") return "the stub of a PHP archive";
  if (word.startsWith("<%@") || word === "<jsp:") return "JSP code";
  return "HTML markup";
}
