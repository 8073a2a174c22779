// From a server on which nobody asked yet to requests that a person held and answered, as somebody does it who sees the page for
// the first time. What the server's own script or its fallback says makes no difference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, close, launch, open } from "./browser.mjs";

const TOKEN = "sk-first-try-0001";

test("the first request is seen, the session is held, and the next ones get what a person says, or what the rules do", async () => {
  const browser = await launch();
  try {
    await answerByHand(await open(browser));
  } finally {
    await browser.close();
  }
});

async function answerByHand(page) {
  await page.getByText("No exchange yet.").waitFor();
  const first = await said(chat(TOKEN, "Is anybody there?"));
  await page.locator(".row", { hasText: "Is anybody there?" }).waitFor();

  await page.getByRole("link", { name: /Desk/ }).click();
  await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.getByLabel("Hold all requests").check(),
  ]);
  const answer = said(chat(TOKEN, "And now?"));
  await page.getByLabel("Text (Ctrl+Enter sends)").fill("Yes, I am.");
  await page.getByRole("button", { name: "Send the answer" }).click();
  assert.equal(await answer, "Yes, I am.");
  await page.getByText("Nobody waits.").waitFor();

  const again = said(chat(TOKEN, "Is anybody there?"));
  await page.getByRole("button", { name: "Let the rules answer" }).click();
  assert.equal(await again, first);
  await page.getByText("Nobody waits.").waitFor();
  await close(page);
}

async function said(asked) {
  return (await (await asked).json()).choices[0].message.content;
}
