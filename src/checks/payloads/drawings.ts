/**
 * SVG drawings: one that is plain, and what can be put into one. Every script in them is inert.
 */
import { utf8 } from "./bytes.ts";

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';

/** A grey square with `inside` behind it; `attributes` of the root, `prolog` before it. */
export function drawing(inside = "", attributes = "", prolog = ""): Uint8Array {
  const square = '<rect width="8" height="8" fill="#888"/>';
  return utf8(
    `${HEAD}${prolog}<svg ${NAMESPACES} width="8" height="8"${attributes}>${square}${inside}</svg>\n`,
  );
}

/** Groups that each use the one before sixteen times: a million squares in all. */
export function nestedUse(): Uint8Array {
  const levels = Array.from({ length: 5 }, (_, index) => {
    const inner = `<use xlink:href="#g${index}"/>`.repeat(16);
    return `<g id="g${index + 1}">${inner}</g>`;
  });
  return drawing(
    `<defs><rect id="g0" width="1" height="1"/>${levels.join("")}</defs><use xlink:href="#g5"/>`,
  );
}

/** A document type whose entities each hold the one before eight times: 8 MiB of text in all. */
export function laughingType(root: string): string {
  const levels = Array.from({ length: 6 }, (_, index) => {
    return `<!ENTITY e${index + 1} "${`&e${index};`.repeat(8)}">`;
  });
  return `<!DOCTYPE ${root} [<!ENTITY e0 "${"ha".repeat(16)}">${levels.join("")}]>`;
}

/** The entity that holds all the others. */
export const LAUGH = "&e6;";

/** A document type with an entity that is to be fetched. */
export function fetchingType(root: string, url: string): string {
  return `<!DOCTYPE ${root} [<!ENTITY far SYSTEM "${url}">]>`;
}

/** A document type whose own declarations are to be fetched. */
export function farType(root: string, url: string): string {
  return `<!DOCTYPE ${root} SYSTEM "${url}">`;
}
