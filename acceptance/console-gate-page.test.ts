/**
 * The console's page on a real gate: in a browser, with a real service behind it, from the first screen to the request, signed in by the real token.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { accessibilityFindings, launchBrowser, openConsolePage, shoot } from "./console-browser.ts";
import { operatorToken } from "./console-client.ts";
import { type GateUnderTest, startGate } from "./gate-under-test.ts";
import { WatchedService } from "./watched-service.ts";

const service = new WatchedService();
let gate: GateUnderTest;
let browser: Browser;

before(async () => {
  gate = await startGate({
    upstream: await service.listen(),
    flows: ["watched", "raw", "raw-down-retry"],
    passThrough: true,
    limits: "stop: 10s",
  });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await gate?.stop();
  await service.stop();
});

const put = async (name: string, bytes: number): Promise<number> => {
  const answer = await fetch(`${gate.origin}/watched/${name}`, {
    method: "PUT",
    body: Buffer.alloc(bytes, name),
  });
  await answer.arrayBuffer();
  return answer.status;
};

test("from the four answers to a flow, to a request that failed, and to a check by hand", async () => {
  for (let index = 0; index < 20; index += 1) assert.equal(await put(`photo-${index}.bin`, 4_000), 201);
  assert.equal(await put("large.bin", 1_100_000), 413);
  service.mood = "fail";
  assert.equal(await put("unlucky.bin", 4_000), 500);
  service.mood = "well";
  const { page, noise, close } = await openConsolePage(browser, `${gate.operatorOrigin}/`);
  await page.getByText("Live", { exact: true }).waitFor();
  assert.equal(await page.getByRole("region", { name: "Four answers" }).getByRole("listitem").count(), 4);
  assert.equal(await page.locator("table.flows tbody tr").count(), 3);
  assert.deepEqual(await accessibilityFindings(page), []);
  await shoot(page, "gate-front-1280-light");
  await page.getByRole("link", { name: "watched", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "watched" }).waitFor();
  await page.getByRole("table", { name: "Newest failing requests" }).getByRole("link").first().waitFor();
  assert.deepEqual(await accessibilityFindings(page), []);
  await shoot(page, "gate-flow-1280-light");
  await page.getByRole("table", { name: "Newest failing requests" }).getByRole("link").first().click();
  await page.getByRole("heading", { name: /^Request / }).waitFor();
  assert.match(await page.locator("main").innerText(), /500 failed|wrong answer/);
  assert.deepEqual(await accessibilityFindings(page), []);
  await shoot(page, "gate-request-1280-light");
  await page.goBack();
  await page.getByRole("link", { name: "Sign in to check now" }).click();
  await page.getByLabel("Operator's token").fill(await operatorToken(gate));
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Check now" }).waitFor();
  assert.match(page.url(), /\/flows\/watched$/);
  assert.deepEqual(noise, []);
  await close();
});

test("the page says that the gate stopped", async () => {
  const { page, close } = await openConsolePage(browser, `${gate.operatorOrigin}/`);
  await page.getByText("Live", { exact: true }).waitFor();
  await gate.stop();
  await page.getByRole("complementary", { name: "Connection" }).waitFor();
  await close();
});
