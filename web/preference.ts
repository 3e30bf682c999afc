/**
 * What somebody chose for this browser. Where storage is forbidden, a choice lasts as long as the page.
 */
const choices = new Map<string, string>();

export function readPreference(name: "theme" | "shortcuts"): string | null {
  try {
    return localStorage.getItem(`sluicegate-${name}`) ?? choices.get(name) ?? null;
  } catch {
    return choices.get(name) ?? null;
  }
}

/** `null`: no choice, the system's holds. */
export function writePreference(name: "theme" | "shortcuts", value: string | null): void {
  choices.delete(name);
  if (value !== null) choices.set(name, value);
  try {
    if (value === null) localStorage.removeItem(`sluicegate-${name}`);
    else localStorage.setItem(`sluicegate-${name}`, value);
  } catch {
    // Kept in memory.
  }
}
