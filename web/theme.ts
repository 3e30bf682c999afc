/**
 * Runs before anything is drawn: light or dark as somebody chose here, else as the system says. A plain script, so that no wrong colour flashes.
 */
try {
  const chosen = localStorage.getItem("sluicegate-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden: then the system's choice holds.
}
