/**
 * Goes to another address of the page without loading it anew. The frame listens (`frame.ts`).
 */
export const NAVIGATED = "sluicegate-navigated";

export function navigate(path: string, isReplacing = false): void {
  if (isReplacing) history.replaceState(null, "", path);
  else history.pushState({ isOurs: true }, "", path);
  window.dispatchEvent(new Event(NAVIGATED));
}

/** Clicks on links to this page stay on this page; those with a modifier, to elsewhere, or to a download do not. */
export function interceptLinks(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target !== "") return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
    if (url.hash !== "" && url.pathname === location.pathname && url.search === location.search) return;
    event.preventDefault();
    navigate(url.pathname + url.search + url.hash);
  });
}
