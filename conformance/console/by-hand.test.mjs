// From a server that knows nothing to a request that a person answered, as somebody does it who sees the page for the first time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, close, launch, open } from "./browser.mjs";

const TOKEN = "sk-first-try-0001";

test("the first request is seen, the session is switched to answers by hand, and the next request gets one", async () => {
  const browser = await launch();
  try {
    await answerByHand(await open(browser));
  } finally {
    await browser.close();
  }
});

async function answerByHand(page) {
  await page.getByText("No exchange yet.").waitFor();
  await chat(TOKEN, "Is anybody there?");
  await page.locator(".row", { hasText: "Is anybody there?" }).waitFor();

  await page.getByRole("link", { name: "Script" }).click();
  const fallback = page.getByLabel("Unmatched requests get");
  await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    fallback.selectOption({ label: "manual: a person at the desk" }),
  ]);
  const answer = chat(TOKEN, "And now?").then((response) => response.json());
  await page.getByRole("link", { name: /Desk/ }).click();
  await page.getByLabel("Text (Ctrl+Enter sends)").fill("Yes, I am.");
  await page.getByRole("button", { name: "Send the answer" }).click();

  assert.equal((await answer).choices[0].message.content, "Yes, I am.");
  await close(page);
}
