/**
 * What an element says on hover and on focus (`data-tip`): one box that stays inside the window and goes with Escape.
 */
import { element } from "./element.ts";

const GAP_PX = 6;

const box = element("div", { id: "tip", role: "tooltip", hidden: true });

export const tooltipBox = (): HTMLElement => box;

/** Starts showing. */
export function startTooltips(): void {
  let of: Element | null = null;
  const hide = (): void => {
    of?.removeAttribute("aria-describedby");
    of = null;
    box.hidden = true;
  };
  const show = (event: Event): void => {
    const target = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    if (target === of || (target === null && event.target === box)) return;
    hide();
    if (target === null) return;
    of = target;
    target.setAttribute("aria-describedby", "tip");
    box.textContent = target.getAttribute("data-tip");
    box.hidden = false;
    place(target.getBoundingClientRect());
  };
  document.addEventListener("mouseover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
}

function place(target: DOMRect): void {
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(GAP_PX, Math.min(target.left, document.documentElement.clientWidth - width - GAP_PX));
  const above = target.top - height - GAP_PX;
  box.style.left = `${left}px`;
  box.style.top = `${above < 0 ? target.bottom + GAP_PX : above}px`;
}
