/**
 * Makes elements without markup in strings: there is no way from a text to an element but through here, so that no text can become one.
 *
 * Every text is made fit to be shown (`shown-text.ts`), attributes among them. Styles are set property by property, as the page's policy allows no inline style.
 */
import { shownText } from "./shown-text.ts";

export type Child = Node | string | number | null | undefined | false | readonly Child[];

type Handler = (event: Event) => void;

/** `on`: handlers by event; `style`: CSS properties; everything else is an attribute (`true`: present, `null` or `false`: absent). */
export interface Attributes {
  readonly on?: Readonly<Record<string, Handler>>;
  readonly style?: Readonly<Record<string, string>>;
  readonly [attribute: string]: unknown;
}

const SVG = "http://www.w3.org/2000/svg";
/** By element, as a page that is made anew hands its handlers over to the elements that stay (`patch.ts`). */
const handlers = new WeakMap<Element, Map<string, Handler>>();

/** An HTML element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Puts other children into an element. */
export function replaceChildren(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren(...toNodes(children));
}

/** Lets `to` answer to what `from` answers to, and to nothing else. */
export function moveHandlers(from: Element, to: Element): void {
  const moved = handlers.get(from) ?? new Map<string, Handler>();
  const known = handlers.get(to);
  if (known !== undefined) for (const type of known.keys()) if (!moved.has(type)) known.delete(type);
  for (const [type, handler] of moved) listen(to, type, handler);
}

function fill<T extends HTMLElement | SVGElement>(
  made: T,
  attributes: Attributes,
  children: readonly Child[],
): T {
  const { on = {}, style = {}, ...others } = attributes;
  for (const [name, value] of Object.entries(others)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : shownText(String(value)));
  }
  for (const [property, value] of Object.entries(style)) made.style.setProperty(property, value);
  for (const [type, handler] of Object.entries(on)) listen(made, type, handler);
  made.append(...toNodes(children));
  return made;
}

function listen(target: Element, type: string, handler: Handler): void {
  const known = handlers.get(target) ?? new Map<string, Handler>();
  if (!known.has(type)) target.addEventListener(type, (event) => handlers.get(target)?.get(type)?.(event));
  known.set(type, handler);
  handlers.set(target, known);
}

function toNodes(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    if (Array.isArray(child)) return toNodes(child as readonly Child[]);
    return [child instanceof Node ? child : shownText(String(child))];
  });
}
