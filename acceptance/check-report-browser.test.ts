/**
 * The report page of a run of checks in a real browser: as a file, at the width of a phone and of a desk, light and dark, with and without script.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { hostileRun, largeRun, sampleRun } from "../fixtures/check-runs/sample-runs.ts";
import { htmlReport } from "../src/checks/reports/html-report.ts";

const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];
/** Where screenshots go when somebody wants to look: SLUICEGATE_SCREENSHOTS=folder. */
const SCREENSHOTS = process.env.SLUICEGATE_SCREENSHOTS;
const RUNS = { sample: sampleRun(), hostile: hostileRun(), large: largeRun() };
type RunName = keyof typeof RUNS;

let browser: Browser;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "check-report-"));
  for (const [name, run] of Object.entries(RUNS))
    await writeFile(join(folder, `${name}.html`), htmlReport(run));
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: BROWSER_ARGUMENTS });
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Everything that a page should not do: console messages, errors, requests, dialogs. */
  readonly noise: string[];
}

async function open(name: RunName, options: BrowserContextOptions = {}, hash = ""): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const noise: string[] = [];
  const url = pathToFileURL(join(folder, `${name}.html`)).href;
  page.on("console", (message) => noise.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => noise.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => noise.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) noise.push(`request: ${request.url()}`);
  });
  await page.goto(url + hash);
  return { page, noise };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `check-report-${name}.png`), fullPage: true });
}

const openAll = "for (const each of document.querySelectorAll('details')) each.open = true";
const overflow = "document.documentElement.scrollWidth - innerWidth";

for (const width of [375, 1280]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`at ${width} px, ${colorScheme}, nothing scrolls sideways, every text has its contrast, and nothing is loaded or complained about`, async () => {
      for (const name of ["sample", "hostile"] as const) {
        const { page, noise } = await open(name, { viewport: { width, height: 900 }, colorScheme });
        assert.equal(await page.evaluate(overflow), 0);
        await shoot(page, `${name}-${width}-${colorScheme}`);
        await page.evaluate(openAll);
        assert.equal(await page.evaluate(overflow), 0, `${name}, everything open`);
        assert.deepEqual(await page.evaluate(lowContrasts), []);
        await shoot(page, `${name}-${width}-${colorScheme}-open`);
        assert.deepEqual(noise, []);
        await page.context().close();
      }
    });
  }
}

test("whoever hears the page finds one heading of the first level, none skipped, landmarks, and a name for each control", async () => {
  const { page } = await open("sample");
  await page.evaluate(openAll);
  const levels = (await page.evaluate(
    "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((each) => Number(each.tagName[1]))",
  )) as number[];
  assert.equal(levels.filter((level) => level === 1).length, 1);
  assert.equal(levels[0], 1);
  const skipped = levels.filter((level, index) => index > 0 && level > (levels[index - 1] ?? 0) + 1);
  assert.deepEqual(skipped, []);
  for (const role of ["banner", "main", "contentinfo", "search"] as const)
    assert.equal(await page.getByRole(role).count(), 1, role);
  assert.deepEqual(await page.evaluate(nameless), []);
  assert.deepEqual(await page.evaluate("[...document.querySelectorAll('th:not([scope])')].length"), 0);
  assert.deepEqual(await page.evaluate("document.documentElement.lang"), "en");
  const ids = (await page.evaluate(
    "[...document.querySelectorAll('[id]')].map((each) => each.id)",
  )) as string[];
  assert.equal(new Set(ids).size, ids.length);
  await page.context().close();
});

test("the keyboard reaches the results first, opens a failure, and scrolls what scrolls", async () => {
  const { page } = await open("sample");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the results");
  const summary = page.locator("#UPL-TR-01 summary").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#UPL-TR-01 > details").getAttribute("open"), "");
  const scrolling =
    "[...document.querySelectorAll('pre')].filter((each) => each.scrollHeight > each.clientHeight + 1 && each.tabIndex !== 0).length";
  await page.evaluate(openAll);
  assert.equal(await page.evaluate(scrolling), 0);
  await page.context().close();
});

test("a check is found by a word, a folded one is unfolded, and what is copied is the command", async () => {
  const { page, noise } = await open("sample", { permissions: ["clipboard-read", "clipboard-write"] });
  const find = page.getByLabel("Find a check:");
  await find.fill("same key");
  await page.getByText("1 of 12 checks").waitFor();
  assert.equal(await page.locator("#UPL-RT-01").isVisible(), true);
  assert.equal(await page.locator("#UPL-TR-01").isVisible(), false);
  await find.fill("");
  await page.locator("#UPL-TR-01 summary").first().click();
  await page.locator("#UPL-TR-01").getByRole("button", { name: "Copy: the replay command" }).click();
  await page.locator("#UPL-TR-01").getByText("Copied", { exact: true }).waitFor();
  assert.equal(
    await page.evaluate("navigator.clipboard.readText()"),
    "sluicegate replay 20261122-185346-k3f9/UPL-TR-01/4",
  );
  assert.deepEqual(noise, []);
  await page.context().close();
});

test("an address with a check's id opens that check", async () => {
  const { page } = await open("sample", {}, "#UPL-MP-07");
  assert.equal(await page.locator("#UPL-MP-07 > details").getAttribute("open"), "");
  assert.equal(await page.locator("#UPL-TR-01 > details").getAttribute("open"), null);
  await page.context().close();
});

test("without script everything can be read, and there is no button that does nothing", async () => {
  const { page } = await open("sample", { javaScriptEnabled: false });
  assert.equal(await page.getByRole("button").count(), 0);
  await page.locator("#UPL-TR-01 summary").first().click();
  assert.equal(await page.getByText("curl --http1.1").first().isVisible(), true);
  await page.context().close();
});

test("on paper the proof is there and the controls are not", async () => {
  const { page } = await open("sample");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByText("curl --http1.1").first().isVisible(), true);
  assert.equal(await page.getByRole("button", { name: "Open all" }).isVisible(), false);
  await page.context().close();
});

test("a page of 300 cases is there within a few seconds, on a phone too", async () => {
  const startedAt = Date.now();
  const { page, noise } = await open("large", { viewport: { width: 375, height: 800 } });
  assert.equal(await page.locator("article.fail").count(), 20);
  assert.ok(Date.now() - startedAt < 10_000, `${Date.now() - startedAt} ms`);
  assert.equal(await page.evaluate(overflow), 0);
  assert.deepEqual(noise, []);
  await page.context().close();
});

/** Controls that have no name for whoever does not see them. */
const nameless = `
[...document.querySelectorAll("a, button, input, summary, [role=region]")]
  .filter((each) => {
    const label = each.id === "" ? null : document.querySelector('label[for="' + each.id + '"]');
    return (each.getAttribute("aria-label") ?? label?.textContent ?? each.textContent).trim() === "";
  })
  .map((each) => each.outerHTML)`;

/** Texts whose colour differs too little from what is behind them: less than 4.5 to 1 (WCAG 2.2, 1.4.3). */
const lowContrasts = `
(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const low = new Set();
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === "" || !element.checkVisibility()) continue;
    seen += 1;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.add(element.tagName + "." + element.className + ": " + node.data.slice(0, 40));
  }
  return seen < 50 ? ["only " + seen + " texts were measured"] : [...low];
})()`;
