/**
 * The console's page in a real browser, in every situation that a person may find it in: read, walked through by keyboard, cut off from the gate, and fed with hostile texts.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { HOSTILE_TEXTS, type SituationName } from "../fixtures/console/console-situations.ts";
import { accessibilityFindings, launchBrowser, openConsolePage, overflow, shoot } from "./console-browser.ts";
import { type FixtureServer, startFixtureServer, TOKEN } from "./console-fixture-server.ts";

const REQUEST = "0198f0c2-7a0b-7c31-9d20-5f1e8a77c4d0";
const RECORD = "/flows/avatars/changes/0003-join-owners";
/** Situation, address, and a name for the picture. */
const VIEWS: readonly (readonly [SituationName, string, string])[] = [
  ["up", "/", "front-up"],
  ["slow", "/", "front-slow"],
  ["failing-jobs", "/", "front-failing-jobs"],
  ["bad-deployment", "/", "front-bad-deployment"],
  ["stale", "/", "front-stale"],
  ["first-start", "/", "front-first-start"],
  ["many", "/", "front-many"],
  ["hostile", "/", "front-hostile"],
  ["bad-deployment", "/flows/avatars", "flow-bad-deployment"],
  ["up", "/flows/statements?range=7d", "flow-without-traffic"],
  ["hostile", "/flows/x", "flow-hostile"],
  ["slow", `/requests/${REQUEST}`, "request"],
  ["hostile", `/requests/${REQUEST}`, "request-hostile"],
  ["failing-jobs", "/held", "held"],
  ["hostile", "/held", "held-hostile"],
  ["up", RECORD, "document"],
  ["hostile", RECORD, "document-hostile"],
  ["up", "/sign-in", "sign-in"],
  ["up", "/no/such/page", "nowhere"],
];

let browser: Browser;
/** One for all that is only looked at, as one after the other would be. */
let views: BrowserContext;
let server: FixtureServer;

before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startFixtureServer()]);
  views = await browser.newContext({ viewport: { width: 1280, height: 800 } });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

beforeEach(() => {
  server.connect();
  server.session(true, false);
  server.show("up");
  server.changes.length = 0;
});

for (const [situation, path, name] of VIEWS) {
  const isAudited = situation !== "many" && (situation !== "hostile" || path === "/");
  test(`${name}: light and dark, at every width and at 200 % zoom, nothing scrolls sideways, nothing is complained about, and the audit finds nothing`, async () => {
    server.show(situation);
    server.session(true, name.startsWith("held"));
    const { page, noise, close } = await openConsolePage(views, server.origin + path);
    for (const [width, audited] of [
      [1280, "dark"],
      [640, null],
      [375, "light"],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await overflow(page), 0, `${width} px`);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        if (width !== 640) await shoot(page, `${name}-${width}-${colorScheme}`);
        if (colorScheme === audited && isAudited)
          assert.deepEqual(await accessibilityFindings(page), [], `${width} px, ${colorScheme}`);
      }
    }
    assert.deepEqual(noise, []);
    await close();
  });
}

test("the first screen answers the four questions by a word, a sentence and an age that counts up", async () => {
  server.show("slow");
  const { page, noise, close } = await openConsolePage(browser, `${server.origin}/`, {}, async (opened) => {
    await opened.clock.install();
  });
  await page.getByText("Live", { exact: true }).waitFor();
  const answers = page.getByRole("region", { name: "Four answers" }).getByRole("listitem");
  assert.equal(await answers.count(), 4);
  const slow = answers.nth(1);
  assert.match(await slow.innerText(), /Is it slow\?\s+Yes\s+avatars: p95 820 ms, the flow expects 600 ms/);
  const ageSeconds = async (): Promise<number> =>
    Number(/seen (\d+)\ss\sago/.exec(await slow.innerText())?.[1] ?? Number.NaN);
  const seenBefore = await ageSeconds();
  assert.ok(seenBefore >= 8, `${seenBefore} s`);
  assert.equal(await slow.locator("svg.shape.bad").count(), 1);
  await page.clock.runFor(5_000);
  assert.ok((await ageSeconds()) >= seenBefore + 4);
  assert.equal(await page.title(), "✕ Overview · Sluicegate");
  assert.deepEqual(noise, []);
  await close();
});

test("an age says its exact time on hover and on focus", async () => {
  const { page, close } = await openConsolePage(browser, `${server.origin}/`);
  const age = page.locator(".answers time").first();
  await age.hover();
  assert.match(await page.getByRole("tooltip").innerText(), /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d /);
  await page.mouse.move(0, 0);
  await page.getByRole("tooltip").waitFor({ state: "hidden" });
  await age.focus();
  await page.getByRole("tooltip").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tooltip").waitFor({ state: "hidden" });
  await close();
});

test("old data is told by word and shape, and never as good", async () => {
  server.show("stale");
  const { page, close } = await openConsolePage(browser, `${server.origin}/`);
  assert.equal(await page.locator(".answers .shape.stale").count(), 2);
  assert.equal(await page.locator(".answers .shape.good").count(), 0);
  assert.match(await page.locator(".answers li").first().innerText(), /NO DATA\s+Since 08:10/);
  await close();
});

test("a first start says what to do", async () => {
  server.show("first-start");
  const { page, close } = await openConsolePage(browser, `${server.origin}/`);
  await page.getByText("No flow is described yet. A flow is one upload route").waitFor();
  await page.getByText("sluicegate init --openapi").waitFor();
  await close();
});

test("what changes comes by itself, is said to whoever hears the page, and takes the focus from nobody", async () => {
  const { page, noise, close } = await openConsolePage(browser, `${server.origin}/`);
  await page.getByRole("link", { name: "reports" }).focus();
  server.show("slow");
  await page.locator(".answers li.bad").waitFor();
  assert.equal(await page.evaluate("document.activeElement.textContent"), "reports");
  await page.locator("[role=status]", { hasText: "Is it slow? Yes. avatars: p95 820 ms" }).waitFor();
  assert.deepEqual(noise, []);
  await close();
});

test("a lost connection is said with its time; it comes back by itself, with what happened meanwhile", async () => {
  const { page, close } = await openConsolePage(browser, `${server.origin}/`);
  await page.getByText("Live", { exact: true }).waitFor();
  server.disconnect();
  await page.getByText(/^Not connected since \d\d:\d\d:\d\d\. Everything below is from before/).waitFor();
  assert.equal(await page.title(), "… Not connected: Overview · Sluicegate");
  await shoot(page, "lost-1280-light");
  assert.deepEqual(await accessibilityFindings(page), []);
  assert.equal(await page.locator(".answers li.bad").count(), 0);
  server.show("failing-jobs");
  server.connect();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.locator(".answers li.bad").waitFor();
  assert.equal(await page.locator("aside.lost").isVisible(), false);
  await close();
});

test("hostile texts are shown as the texts that they are", async () => {
  server.show("hostile");
  server.session(true, true);
  for (const path of ["/", "/flows/x", `/requests/${REQUEST}`, "/held", RECORD]) {
    const { page, noise, close } = await openConsolePage(browser, server.origin + path);
    assert.match(await page.title(), / · Sluicegate$/, path);
    const text = await page.locator("body").innerText();
    assert.ok(
      HOSTILE_TEXTS.some((hostile) => text.includes(hostile)),
      path,
    );
    assert.doesNotMatch(text, /[\p{Bidi_Control}]|(?!\s)\p{Cc}/u, path);
    assert.equal(await page.locator("main script, main img, main iframe, [onerror]").count(), 0, path);
    const links = (await page.evaluate(
      "[...document.querySelectorAll('a')].map((a) => a.href).filter((href) => !href.startsWith(location.origin))",
    )) as string[];
    assert.deepEqual(links, [], path);
    assert.deepEqual(noise, [], path);
    await close();
  }
});

test("the keyboard walks from the overview to a flow, to a request, and back", async () => {
  server.show("bad-deployment");
  const { page, noise, close } = await openConsolePage(browser, `${server.origin}/`);
  const focused = (): Promise<unknown> => page.evaluate("document.activeElement.textContent");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the page");
  await page.keyboard.press("j");
  assert.equal(await focused(), "avatars");
  await page.keyboard.press("j");
  assert.equal(await focused(), "reports");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/flows/avatars");
  await page.getByRole("heading", { level: 1, name: "avatars" }).waitFor();
  assert.equal(await focused(), "avatars");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/requests/${REQUEST}`);
  await page.getByRole("heading", { name: "The service did not answer in time" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "avatars" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await page.waitForURL(`${server.origin}/`);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  assert.deepEqual(await accessibilityFindings(page), []);
  await page.getByLabel("Single letters act").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.deepEqual(noise, []);
  await close();
});

test("one of many flows is found by a word, and stays found while the page is brought up to date", async () => {
  server.show("many");
  const { page, close } = await openConsolePage(browser, `${server.origin}/`);
  await page.keyboard.press("/");
  await page.keyboard.type("route-17");
  await page.getByText("1 of 30").waitFor();
  const visible = page.locator("table.flows tbody tr:visible");
  assert.equal(await visible.count(), 1);
  server.show("many");
  await page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))");
  assert.equal(await visible.count(), 1);
  assert.equal(await page.getByLabel("Find a flow").inputValue(), "route-17");
  await page.keyboard.press("Escape");
  assert.equal(await visible.count(), 30);
  await close();
});

test("a row is a way to its flow, and an address names flow and time range", async () => {
  server.show("bad-deployment");
  const { page, close } = await openConsolePage(browser, `${server.origin}/`);
  await page
    .getByRole("row", { name: /avatars/ })
    .getByText("62 %")
    .click();
  await page.waitForURL("**/flows/avatars");
  await page.getByRole("link", { name: "24 hours" }).click();
  await page.waitForURL("**/flows/avatars?range=24h");
  await page.locator("[aria-current=true]", { hasText: "24 hours" }).waitFor();
  await page.reload();
  await page.locator("[aria-current=true]", { hasText: "24 hours" }).waitFor();
  assert.equal(await page.title(), "▲ avatars · Sluicegate");
  await close();
});

test("charts say themselves in a sentence, are read by arrow keys, and stand in a table on demand", async () => {
  server.show("bad-deployment");
  const { page, close } = await openConsolePage(browser, `${server.origin}/flows/avatars`);
  await page.getByRole("img", { name: "Time. p95 rose from 205 ms to 540 ms" }).waitFor();
  await page.getByRole("group", { name: /^Charts on one time axis/ }).focus();
  await page.keyboard.press("End");
  await page.locator("[role=status]", { hasText: /^\d\d:\d\d\. Time: p50 \d+\sms, p95 \d+\sms/ }).waitFor();
  await page.keyboard.press("Home");
  assert.equal(await page.locator(".cursor-time").isVisible(), true);
  await page.getByText("The values as a table").click();
  const table = page.getByRole("table", { name: "Values of the charts" });
  await table.waitFor();
  assert.equal(await table.getByRole("row").count(), 61);
  await close();
});

test("rollback and compare commands are copied as they are", async () => {
  const { page, close } = await openConsolePage(browser, `${server.origin}/flows/avatars`, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.getByRole("button", { name: "Copy the rollback command" }).click();
  const copied = (): Promise<unknown> => page.evaluate("navigator.clipboard.readText()");
  await page.getByText("Copied", { exact: true }).first().waitFor();
  assert.equal(await copied(), "kubectl rollout undo deployment/profile-service --to-revision=41");
  // A busy browser may take the focus for a moment, and without it nothing is copied: the button says so, and is there again after two seconds.
  for (let tries = 0; !/^sluicegate compare/.test(String(await copied())) && tries < 5; tries++) {
    await page.getByRole("button", { name: "Copy compare command" }).click();
    await page
      .getByText(/^(Copied|Not copied)/)
      .last()
      .waitFor();
  }
  assert.match(String(await copied()), /^sluicegate compare avatars /);
  await close();
});

test("whoever may not read is asked for the token, and comes then to where they wanted", async () => {
  server.session(false, false);
  const { page, close } = await openConsolePage(browser, `${server.origin}/flows/avatars?range=6h`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByText("sluicegate console prints it").waitFor();
  assert.deepEqual(await accessibilityFindings(page), []);
  await page.getByLabel("Operator's token").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "The token is not the operator's." }).waitFor();
  await page.getByLabel("Operator's token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "avatars" }).waitFor();
  assert.match(page.url(), /\/flows\/avatars\?range=6h$/);
  await page.getByText("Live", { exact: true }).waitFor();
  await close();
});

test("a check now says that it works and what came of it", async () => {
  server.session(true, true);
  const { page, close } = await openConsolePage(browser, `${server.origin}/flows/avatars`);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("22 of 22 promises kept.").waitFor();
  assert.deepEqual(server.changes, [
    { path: "/api/console/flows/avatars/verify", body: {}, csrf: "csrf-token" },
  ]);
  await close();
});

test("without a session there is no button that decides, but a way to sign in", async () => {
  server.show("failing-jobs");
  const { page, close } = await openConsolePage(browser, `${server.origin}/held`);
  assert.equal(await page.getByRole("button", { name: /Give it up|Send it again/ }).count(), 0);
  await page.locator("main").getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Operator's token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/held");
  await page.getByRole("button", { name: /^Send it again: upload up_0198f0c27a4b7c31/ }).waitFor();
  await close();
});

test("a held upload is decided after it was asked twice; what may double needs a tick", async () => {
  server.show("failing-jobs");
  server.session(true, true);
  const { page, noise, close } = await openConsolePage(browser, `${server.origin}/held`);
  const open = (): Promise<void> => page.getByRole("button", { name: /^Send it again: upload/ }).click();
  await open();
  const dialog = page.getByRole("dialog", { name: "Send this upload again?" });
  await shoot(page, "held-dialog-1280-light");
  assert.deepEqual(await accessibilityFindings(page), []);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await open();
  await dialog.getByRole("button", { name: "Send it again" }).click();
  assert.deepEqual(server.changes, []);
  await dialog.getByLabel(/may have this upload from an earlier try/).check();
  await dialog.getByRole("button", { name: "Send it again" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: /^Give it up: upload up_0198f0c27a4b7c99/ }).click();
  await page.getByLabel(/^Why/).fill("sent by hand");
  await page.getByRole("dialog").getByRole("button", { name: "Give it up" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.deepEqual(server.changes, [
    {
      path: "/api/console/held/up_0198f0c27a4b7c31/decide",
      body: { action: "retry", mayDouble: true },
      csrf: "csrf-token",
    },
    {
      path: "/api/console/held/up_0198f0c27a4b7c99/decide",
      body: { action: "give-up", reason: "sent by hand" },
      csrf: "csrf-token",
    },
  ]);
  assert.deepEqual(noise, []);
  await close();
});

test("a change record reads as the document that it is", async () => {
  const { page, close } = await openConsolePage(browser, server.origin + RECORD);
  const article = page.getByRole("article");
  assert.equal(await article.getByRole("row").count(), 4);
  assert.equal(
    await article.locator("pre").innerText(),
    "sluicegate compare avatars --variable git.commit\nsluicegate rollback avatars",
  );
  const links = await article
    .getByRole("link")
    .evaluateAll((all) => all.map((each) => each.getAttribute("href")));
  assert.deepEqual(links, [
    "/flows/avatars/changes/0002-thumbnail-cache",
    "https://www.rfc-editor.org/rfc/rfc9211",
  ]);
  await close();
});

test("light or dark, as chosen, holds from the first paint of the next visit", async () => {
  const { page, close } = await openConsolePage(browser, `${server.origin}/`, { colorScheme: "light" });
  await page.getByLabel("Colours").selectOption("dark");
  const background = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
  assert.equal(await background(), "rgb(20, 23, 27)");
  await page.reload({ waitUntil: "commit" });
  await page.locator("main h1").waitFor({ state: "attached" });
  assert.equal(await background(), "rgb(20, 23, 27)");
  await close();
});

test("on paper the answers are there and the controls are not", async () => {
  const { page, close } = await openConsolePage(browser, `${server.origin}/flows/avatars`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByText("kubectl rollout undo").isVisible(), true);
  assert.equal(await page.getByRole("button").filter({ visible: true }).count(), 0);
  await close();
});

test("the first load is small, its headers with it", async () => {
  let bytes = 0;
  const { page, close } = await openConsolePage(browser, `${server.origin}/`, {}, async (opened) => {
    opened.on("requestfinished", async (request) => {
      const sizes = await request.sizes().catch(() => null);
      bytes += (sizes?.responseBodySize ?? 0) + (sizes?.responseHeadersSize ?? 0);
    });
  });
  await page.locator(".answers li").first().waitFor();
  assert.ok(bytes > 30_000 && bytes < 75_000, `${bytes} bytes`);
  await close();
});

test("every control and every picture has a name of its own", async () => {
  server.show("bad-deployment");
  server.session(true, true);
  const { page, close } = await openConsolePage(browser, `${server.origin}/flows/avatars`);
  assert.deepEqual(await namesOfButtons(page), [...new Set(await namesOfButtons(page))]);
  await close();
});

function namesOfButtons(page: Page): Promise<(string | null)[]> {
  return page
    .locator("main button")
    .evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? each.textContent));
}
