/**
 * A real browser in front of the gate with the example service behind it: its page, its forms with and without script, and what a person sees.
 */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { EXAMPLE_FLOWS, type ExampleUnderTest, startExample } from "./example-under-test.ts";
import type { GateUnderTest } from "./gate-under-test.ts";

const SAMPLES = join(EXAMPLE_FLOWS, "avatars/samples");
const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];
/** Where screenshots go when somebody wants to look: SLUICEGATE_SCREENSHOTS=folder. */
const SCREENSHOTS = process.env.SLUICEGATE_SCREENSHOTS;

let example: ExampleUnderTest;
let gate: GateUnderTest;
let browser: Browser;

before(async () => {
  example = await startExample();
  gate = example.gate;
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: BROWSER_ARGUMENTS });
});

after(async () => {
  await browser?.close();
  await example?.stop();
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

test("the page fetches a grant, sends straight to the gate with it, and gets the file back by a signed link", async () => {
  const page = await openPage({ javaScriptEnabled: true });
  const form = page.locator("form", { hasText: "Attachment" });
  await form.locator("input[type=file]").setInputFiles(join(EXAMPLE_FLOWS, "attachments/samples/plan.png"));
  await form.locator("button").click();
  await form.getByText("Sign in first", { exact: true }).waitFor();
  await signIn(page, "ada");
  const sent = page.waitForRequest((request) => request.url() === `${gate.origin}/api/attachments`);
  await form.locator("input[type=file]").setInputFiles(join(EXAMPLE_FLOWS, "attachments/samples/plan.png"));
  await form.locator("button").click();
  assert.match((await sent).headers().authorization ?? "", /^Bearer ey/);
  await form.getByText("The service has it", { exact: true }).waitFor();
  const download = page.waitForEvent("download");
  await page.locator("#received").getByRole("link", { name: "plan.png" }).click();
  const file = await download;
  assert.match(file.url(), new RegExp(`^${gate.origin}/\\.sluicegate/files/[0-9a-z]{26}\\?token=ey`));
  assert.equal(file.suggestedFilename(), "plan.png");
  assert.deepEqual(
    await readFile(await file.path()),
    await readFile(join(EXAMPLE_FLOWS, "attachments/samples/plan.png")),
  );
  await page.close();
});

test("a token, a session and a key each open their form, and the same key again gets the same answer", async () => {
  const page = await openPage({ javaScriptEnabled: true });
  await signIn(page, "grace");
  await sendBy(page, "Report", "reports/samples/report.pdf", "The service has it");
  await sendBy(page, "Note", "notes/samples/note.txt", "The service has it");
  const key = await gate.run("key", "add", "partner", "--scope", "statements:write");
  await page.getByLabel("API key").fill(`${key.out.trim()}x`);
  await sendBy(page, "Statement", "statements/samples/november.csv", "The credentials are not valid");
  await page.getByLabel("API key").fill(key.out.trim());
  await sendBy(page, "Statement", "statements/samples/november.csv", "The service has it");
  const statement = page.locator("form", { hasText: "Statement" });
  await statement.locator("button").click();
  await statement.getByText("the same answer again").waitFor();
  const rows = page.locator("#received tbody tr");
  assert.equal(await rows.filter({ hasText: "november.csv" }).count(), 1);
  assert.equal(await rows.filter({ hasText: "grace" }).count(), 2);
  await shoot(page, "callers");
  await page.setViewportSize({ width: 420, height: 900 });
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.equal(overflow, 0, "a narrow page does not scroll sideways");
  await shoot(page, "callers-narrow");
  await page.close();
});

test("a note goes through without scripts for whoever is signed in, and for nobody else", async () => {
  const page = await openPage({ javaScriptEnabled: false });
  assert.equal(await page.getByRole("button", { name: "Attach file" }).isVisible(), false);
  await page.locator("#note").setInputFiles(join(EXAMPLE_FLOWS, "notes/samples/note.txt"));
  await page.getByRole("button", { name: "Send note" }).click();
  await page.waitForURL("**/api/notes");
  assert.match(await page.locator("body").innerText(), /CREDENTIALS_MISSING/);
  await page.goBack();
  await signIn(page, "edsger");
  await page.locator("#note").setInputFiles(join(EXAMPLE_FLOWS, "notes/samples/note.txt"));
  await page.getByRole("button", { name: "Send note" }).click();
  await page.waitForURL("**/#received");
  await page.locator("#received").getByText("edsger").waitFor();
  await page.close();
});

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Sign in as").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(`Signed in as ${name}`).waitFor();
}

async function sendBy(page: Page, title: string, sample: string, answer: string): Promise<void> {
  const form = page.locator("form", { hasText: title });
  await form.locator("input[type=file]").setInputFiles(join(EXAMPLE_FLOWS, sample));
  await form.locator("button").click();
  await form.locator("output").getByText(answer, { exact: true }).waitFor();
}

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
