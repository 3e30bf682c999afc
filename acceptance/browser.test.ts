/**
 * A real browser in front of the gate with the example service behind it: its page, its forms with and without script, and what a person sees.
 */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { answers, Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { PYTHON } from "./service-under-test.ts";

const ROOT = join(import.meta.dirname, "..");
const FLOWS = join(ROOT, "examples/flows");
const SAMPLES = join(FLOWS, "avatars/samples");
const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];
/** Where screenshots go when somebody wants to look: SLUICEGATE_SCREENSHOTS=folder. */
const SCREENSHOTS = process.env.SLUICEGATE_SCREENSHOTS;

let gate: GateUnderTest;
let service: Child;
let browser: Browser;

before(async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  gate = await startGate({
    upstream: origin,
    passThrough: true,
    flows: ["avatars", "documents", "imports"].map((flow) => join(FLOWS, flow)),
  });
  const environment = {
    SERVICE_PORT: String(port),
    GATE_URL: gate.origin,
    RECEIPT_ISSUER: gate.origin,
    STORE_ROOT: join(gate.folder, "data"),
    SERVICE_DATABASE: join(gate.folder, "service.sqlite"),
  };
  service = new Child("the example service", PYTHON, ["-m", "examples.service"], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  await service.untilReady(() => answers(`${origin}/health`));
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: BROWSER_ARGUMENTS });
});

after(async () => {
  await browser?.close();
  await service?.stop();
  await gate?.stop();
});

test("the page shows a picture as taken, and a wrong file as refused with the reason", async () => {
  const page = await openPage({ javaScriptEnabled: true });
  await send(page, join(SAMPLES, "photo.png"));
  await page.getByText("The service has it").waitFor();
  // The page asks for the list after it has shown the answer.
  await page.locator("#received").getByText("photo.png").waitFor();
  await send(page, join(SAMPLES, "rejected/bytes-after-the-end.png"));
  await page.getByText("There are bytes after the end of the file's content", { exact: true }).waitFor();
  await shoot(page, "page");
  await page.close();
});

test("a form sent without script goes through, and a refusal is a page that a person understands", async () => {
  const page = await openPage({ javaScriptEnabled: false });
  await send(page, join(SAMPLES, "rejected/png-named-jpg.jpg"));
  await page.waitForURL("**/api/avatars");
  const text = await page.locator("body").innerText();
  assert.match(text, /Name, declared type and content of the file do not agree/);
  assert.match(text, /FILE_TYPE_MISMATCH/);
  await shoot(page, "refused");
  await page.goBack();
  await send(page, join(SAMPLES, "photo.jpg"));
  await page.waitForLoadState();
  assert.match(await page.locator("body").innerText(), /photo\.jpg/);
  await page.close();
});

async function openPage(options: { javaScriptEnabled: boolean }): Promise<Page> {
  const page = await browser.newPage({ ...options, viewport: { width: 1200, height: 900 } });
  await page.goto(gate.origin);
  return page;
}

async function send(page: Page, file: string): Promise<void> {
  await page.locator("#picture").setInputFiles(file);
  await page.getByRole("button", { name: "Send picture" }).click();
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
