/**
 * A real Chromium on the console's page, which notes everything that a page should not do: messages on the console (broken policies among them), errors, dialogs,
 * requests to elsewhere.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];
/** Where screenshots go when somebody wants to look: SLUICEGATE_SCREENSHOTS=folder. */
const SCREENSHOTS = process.env.SLUICEGATE_SCREENSHOTS;

export interface OpenedConsole {
  readonly page: Page;
  readonly noise: string[];
  close(): Promise<void>;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: BROWSER_ARGUMENTS });
}

/** Opens an address and waits until its page is there. @param before what is to be done with the page before it opens anything */
export async function openConsolePage(
  browser: Browser | BrowserContext,
  url: string,
  options: BrowserContextOptions = {},
  before: (page: Page) => Promise<void> = async () => {},
): Promise<OpenedConsole> {
  const isOwn = "newContext" in browser;
  const context = isOwn
    ? await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    : browser;
  const page = await context.newPage();
  const noise: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => noise.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => noise.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => noise.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) noise.push(`request: ${request.url()}`);
  });
  await before(page);
  await page.goto(url);
  await page.locator("main h1").waitFor({ state: "attached" });
  return { page, noise, close: () => (isOwn ? context.close() : page.close()) };
}

/** By how many pixels the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate("document.documentElement.scrollWidth - innerWidth")) as number;
}

/** What an audit finds, a line each: rule, impact, and the elements. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(`axe.run(document)`)) as {
    violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
  };
  return violations.map(({ id, impact, nodes }) => {
    const targets = nodes.slice(0, 3).map(({ target }) => target.join(" "));
    return `${id} (${impact}): ${targets.join(", ")}`;
  });
}

export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `console-${name}.png`), fullPage: true });
}
