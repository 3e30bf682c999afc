/**
 * Brings what is on the page to what it shall be, element by element, so that a page that is alive does not take the focus, the selection, the scroll
 * position or an open detail from whoever reads it.
 *
 * In: the element that is there, and one that was made anew and is given up. Elements are the same where their tag and their `data-key` are the same.
 */
import { moveHandlers } from "./element.ts";

/** Attributes that belong to the person, not to the page. */
const KEPT = new Set(["open"]);

/** Makes the children of `there` those of `made`. */
export function patchChildren(there: Element, made: Element): void {
  const focused = document.activeElement;
  patchNodes(there, made);
  if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected)
    focused.focus({ preventScroll: true });
}

function patchNodes(there: Element, made: Element): void {
  const left = [...there.childNodes];
  for (const [index, wanted] of [...made.childNodes].entries()) {
    const at = left.findIndex((node) => isSame(node, wanted));
    const [found] = at === -1 ? [] : left.splice(at, 1);
    const node = found === undefined ? wanted : patchNode(found, wanted);
    if (there.childNodes[index] !== node) there.insertBefore(node, there.childNodes[index] ?? null);
  }
  for (const node of left) node.remove();
}

const keyOf = (node: Node): string | null => (node instanceof Element ? node.getAttribute("data-key") : null);

const isSame = (a: Node, b: Node): boolean => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function patchNode(there: Node, wanted: Node): Node {
  if (there instanceof Element && wanted instanceof Element) {
    patchAttributes(there, wanted);
    moveHandlers(wanted, there);
    patchNodes(there, wanted);
  } else if (there.nodeValue !== wanted.nodeValue) there.nodeValue = wanted.nodeValue;
  return there;
}

function patchAttributes(there: Element, wanted: Element): void {
  for (const name of there.getAttributeNames())
    if (!wanted.hasAttribute(name) && !KEPT.has(name)) there.removeAttribute(name);
  for (const name of wanted.getAttributeNames()) {
    const value = wanted.getAttribute(name) ?? "";
    if (there.getAttribute(name) === value || KEPT.has(name)) continue;
    if (name === "style") copyStyle(there, wanted);
    else there.setAttribute(name, value);
  }
}

function copyStyle(there: Element, wanted: Element): void {
  if (there instanceof HTMLElement && wanted instanceof HTMLElement)
    there.style.cssText = wanted.style.cssText;
  if (there instanceof SVGElement && wanted instanceof SVGElement) there.style.cssText = wanted.style.cssText;
}
