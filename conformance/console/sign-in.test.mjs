// The console of a server that has admin keys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chat, findBarriers, launch, open } from "./browser.mjs";

const key = process.env.LLEMULATOR_KEY;
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("without a key nothing is shown; with it, everything", async () => {
  await chat("sk-signed-in-0001", "only for those with a key");
  const page = await open(browser);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(await findBarriers(page), []);
  assert.ok(!(await page.content()).includes("only for those with a key"));
  await page.getByLabel("Admin key").fill("not-the-right-key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This is no admin key of this llemulator.").waitFor();

  await page.getByLabel("Admin key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".row", { hasText: "only for those with a key" }).waitFor();
  assert.deepEqual(page.wrong.filter((line) => !line.includes("401")), []);
  await page.context().close();
});
