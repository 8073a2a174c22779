// A queue that a person imports is there after the server was started again. Which half is run, the name says.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, origin } from "./browser.mjs";

const ANSWERS = ["one", "two", "three"];
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function shown(page, count) {
  await page.getByText(`${count} answers`).waitFor();
  return page.locator(".queue-of li .words").allTextContents();
}

test("before: a queue is imported and put into another order", async () => {
  const page = await open(browser, "/?view=queues");
  const answers = ANSWERS.map((content) => ({ choices: [{ message: { role: "assistant", content } }] }));
  await page.getByLabel("Import a file").setInputFiles({
    name: "queue.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(answers)),
  });
  await shown(page, 3);
  await page.getByRole("button", { name: "Move answer 3 up" }).click();
  await page.locator(".queue-of li").nth(1).filter({ hasText: "three" }).waitFor();
  assert.deepEqual(page.wrong, []);
});

test("after: it is shown in that order and answers in it", async () => {
  const page = await open(browser, "/?view=queues");
  const before = await shown(page, 3);
  assert.deepEqual(before.map((words) => ANSWERS.find((each) => words.includes(each))), ["one", "three", "two"]);

  const response = await fetch(`${origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "next" }] }),
  });
  assert.equal((await response.json()).choices[0].message.content, "one");
  const rest = await shown(page, 2);
  assert.ok(rest[0].includes("three"));
  assert.deepEqual(page.wrong, []);
});
