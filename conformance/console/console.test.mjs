// The console in a real browser, from an application's request to what a person sees and does.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { chat, close, findBarriers, launch, load, open, openBlank, origin, send } from "./browser.mjs";

const NEVER = { rules: [{ name: "greeting", match: { user_text: "good morning" }, reply: "Good morning!" }] };
let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Put a text in place of all that the focused editor has, as a person pastes it. */
async function paste(page, text) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+v");
}

const rows = (page) => page.locator(".row");

test("a request appears when it comes, and its conversation is shown", async () => {
  const page = await open(browser);
  await load("sk-live-token-0001", { responses: { hello: "Hello from a rule." } });
  await chat("sk-live-token-0001", "hello, my key is sk-live-token-0001");

  const row = rows(page).filter({ hasText: "hello, my key is" });
  await row.click();
  await page.locator(".message.answer", { hasText: "Hello from a rule." }).waitFor();
  assert.match(page.url(), /exchange=/);
  assert.ok(!(await page.content()).includes("sk-live-token-0001"));
  await page.goBack();
  await page.locator(".exchange").waitFor({ state: "detached" });
  await close(page);
});

test("the page asks for what it shows first together and once, and for nothing else before", async () => {
  await chat("sk-first-token-0040", "hello");
  const page = await (await browser.newContext()).newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url().slice(origin.length)));
  await page.goto(origin);
  await rows(page).first().waitFor();
  await page.locator(".connection.open").waitFor();

  const before = asked.slice(0, asked.findIndex((path) => path.startsWith("/_emulator/live?"))).filter((path) => !path.endsWith(".svg"));
  assert.deepEqual(before.map((path) => path.replace(/index-.*\./, "")).sort(), [
    "/", "/_emulator/console/css", "/_emulator/console/js", "/_emulator/sessions?exchanges=50",
  ]);
  await page.context().close();
});

test("what happens between the first list and the news is shown once, and so are older exchanges", async () => {
  const send = (words) => chat("sk-between-token-41", `handover ${words}`);
  for (let number = 0; number < 60; number += 1) await send(`request ${number}`);
  const page = await (await browser.newContext()).newPage();
  await page.route(/_emulator\/live/, async (route) => {
    await send("in between");
    await route.continue();
  });
  await page.goto(`${origin}/?words=handover`);

  await page.locator(".shown", { hasText: /^61 of / }).waitFor();
  assert.equal(await rows(page).filter({ hasText: "handover in between" }).count(), 1);
  await send("behind");
  await page.locator(".shown", { hasText: /^62 of / }).waitFor();
  assert.equal(await rows(page).filter({ hasText: "handover behind" }).count(), 1);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.context().close();
});

test("an unmatched request shows why, becomes a rule, and is sent again against it", async () => {
  await load("sk-rule-token-0002", NEVER);
  await chat("sk-rule-token-0002", "good evening to you");
  const page = await open(browser, "/?state=unmatched");
  await rows(page).filter({ hasText: "good evening to you" }).click();
  await page.getByRole("tab", { name: "Rules" }).click();
  await page.locator(".rule", { hasText: "greeting" }).locator(".differs", { hasText: "is not found in the last user message" }).waitFor();

  await page.getByRole("button", { name: "Make a rule of this" }).click();
  await page.locator(".cm-content", { hasText: "good evening to you" }).waitFor();
  await page.getByText("1 rule, no problem").waitFor();
  await page.getByRole("button", { name: "Add these rules" }).click();
  await page.getByText("Loaded 1 rule; the session has 2 now.").waitFor();
  await page.getByRole("button", { name: "Send request 1 again" }).click();
  await page.locator(".message.answer", { hasText: "Write the answer here." }).waitFor();
  await close(page);
});

test("a mistake in a script is shown at its line, and the script cannot be loaded", async () => {
  await load("sk-mistake-token-3", NEVER);
  await chat("sk-mistake-token-3", "good morning");
  const page = await open(browser, "/?view=script");
  await page.getByLabel("Session").selectOption({ label: "…en-3" });
  await page.locator(".cm-content", { hasText: "greeting" }).click();
  await paste(page, "rules:\n  - reply: Hi\n  - match: {modl: x}\n    reply: Hi\n");

  await page.locator(".problems", { hasText: 'did you mean "model"?' }).waitFor();
  const marked = await page.locator(".cm-lintRange-error").textContent();
  assert.match(marked, /modl/);
  assert.ok(await page.getByRole("button", { name: "Add these rules" }).isDisabled());
  await close(page);
});

test("the editor completes the words of the script language", async () => {
  await load("sk-words-token-33", NEVER);
  await chat("sk-words-token-33", "good morning");
  const page = await open(browser, "/?view=script");
  await page.getByLabel("Session").selectOption({ label: "…n-33" });
  await page.locator(".cm-content", { hasText: "greeting" }).click();
  await paste(page, "rules:\n  - match: {user_t");
  await page.keyboard.press("Control+Space");

  await page.locator(".cm-tooltip-autocomplete li", { hasText: "user_text" }).click();
  await page.locator(".cm-content", { hasText: "match: {user_text: " }).waitFor();
  await close(page);
});

test("what is typed quickly is all there, and nothing that was there before comes back", async () => {
  await load("sk-typist-token-34", NEVER);
  await chat("sk-typist-token-34", "good morning");
  const page = await open(browser, "/?view=script");
  await page.getByLabel("Session").selectOption({ label: "…n-34" });
  await page.locator(".cm-content", { hasText: "greeting" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  const typed = "# A comment that somebody types as quickly as a keyboard can, without a pause in between its words";
  await page.keyboard.type(typed);
  assert.equal(await page.locator(".cm-content").innerText(), typed);
  await page.waitForTimeout(500);
  assert.equal(await page.locator(".cm-content").innerText(), typed);
  await close(page);
});

test("a request waits at the desk, the title tells it, and a person's answer reaches the client once", async () => {
  await load("sk-desk-token-0004", { ...NEVER, defaults: { on_unmatched: "manual" } });
  const [one, other] = [await open(browser, "/?view=desk"), await open(browser, "/?view=desk")];
  const answer = chat("sk-desk-token-0004", "anybody there?").then((response) => response.json());

  for (const page of [one, other]) await page.getByRole("heading", { name: /Request 1/ }).waitFor();
  await one.waitForFunction(() => document.title.startsWith("(1) waiting"));
  await other.getByLabel("Text (Ctrl+Enter sends)").fill("Nobody, I fear.");
  await one.getByLabel("Text (Ctrl+Enter sends)").fill("I am.");
  await one.getByRole("button", { name: "Send the answer" }).click();
  assert.equal((await answer).choices[0].message.content, "I am.");
  for (const page of [one, other]) await page.getByText("Nobody waits.").waitFor();
  await close(one);
  await close(other);
});

test("a person answers with an error and with a tool call", async () => {
  await load("sk-desk-token-0005", { ...NEVER, defaults: { on_unmatched: "manual" } });
  const page = await open(browser, "/?view=desk");
  const refused = chat("sk-desk-token-0005", "one");
  await page.getByRole("radio", { name: "error" }).check();
  await page.getByRole("button", { name: "Send the answer" }).click();
  assert.equal((await refused).status, 429);

  const tools = [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }];
  const called = chat("sk-desk-token-0005", "two", { tools });
  await page.getByRole("heading", { name: /Request 2/ }).waitFor();
  await page.getByRole("radio", { name: "tool call" }).check();
  await page.getByRole("button", { name: "Send the answer" }).click();
  assert.equal((await (await called).json()).choices[0].message.tool_calls[0].function.name, "look");
  await close(page);
});

test("an answer that is kept as a template is there for another person", async () => {
  await load("sk-desk-token-0013", { ...NEVER, defaults: { on_unmatched: "manual" } });
  const answer = chat("sk-desk-token-0013", "a question");
  const [one, other] = [await open(browser, "/?view=desk"), await open(browser, "/?view=desk")];
  await one.getByLabel("Text (Ctrl+Enter sends)").fill("Forty-two.");
  await one.getByLabel("Name of a template").fill("deep thought");
  await one.getByRole("button", { name: "Keep as template" }).click();

  await other.getByLabel("Templates", { exact: true }).locator("option", { hasText: "deep thought" }).waitFor({ state: "attached" });
  await other.getByLabel("Templates", { exact: true }).selectOption("deep thought");
  await other.getByLabel("Text (Ctrl+Enter sends)").press("Control+Enter");
  assert.equal((await (await answer).json()).choices[0].message.content, "Forty-two.");
  await close(one);
  await close(other);
});

test("a stream is seen while it is sent, and afterwards with the time of each event", async () => {
  await load("sk-stream-token-06", {
    // So slow that there is time to see it where the machine is busy.
    rules: [{ reply: { text: "one two three four five six seven eight nine ten" }, stream: { tokens_per_second: 0.7 } }],
  });
  const page = await open(browser);
  const answer = chat("sk-stream-token-06", "count for me", { stream: true }).then((response) => response.text());
  const row = rows(page).filter({ hasText: "count for me" });
  await row.filter({ hasText: /\d+ sent/ }).click();
  await page.locator(".message.answer", { hasText: "one two" }).waitFor();
  assert.ok(!(await page.locator(".message.answer").textContent()).includes("ten"));

  await answer;
  await page.locator(".message.answer", { hasText: "nine ten" }).waitFor();
  await page.getByRole("tab", { name: "Stream" }).click();
  assert.match(await page.locator(".stream tbody tr").nth(5).locator(".when").textContent(), /\d/);
  await close(page);
});

test("of ten thousand exchanges a screenful is drawn, and nothing moves while somebody reads", async () => {
  await load("sk-many-token-0007", { responses: { "": "yes" } });
  const asked = Array.from({ length: 10_000 }, (_, number) => number);
  const ask = async () => {
    for (let number = asked.shift(); number !== undefined; number = asked.shift())
      await (await chat("sk-many-token-0007", `request number ${number}`)).arrayBuffer();
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  const page = await open(browser, "/?words=request+number");
  await page.getByText("10,000 of").waitFor();

  assert.ok((await rows(page).count()) < 60);
  const list = page.locator(".rows");
  await list.evaluate((element) => (element.scrollTop = 5_000 * 48));
  await rows(page).filter({ hasText: "request number 49" }).first().waitFor();
  const before = await list.evaluate((element) => element.scrollTop);
  await chat("sk-many-token-0007", "request number ten thousand and one");
  await page.getByRole("button", { name: "1 new" }).waitFor();
  assert.equal(await list.evaluate((element) => element.scrollTop), before);
  await page.getByRole("button", { name: "1 new" }).click();
  await rows(page).filter({ hasText: "ten thousand and one" }).waitFor();
  await close(page);
});

test("a queue is imported, ordered and played, and its last answer comes from the desk", async () => {
  const page = await open(browser, "/?view=queues");
  const answers = ["one", "two", "three"].map((content) => ({ choices: [{ message: { role: "assistant", content } }] }));
  await page.getByLabel("Import a file").setInputFiles({
    name: "queue.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(answers)),
  });
  const list = page.locator(".queue-of li");
  await list.filter({ hasText: "three" }).waitFor();
  await page.getByRole("button", { name: "Move answer 3 up" }).click();
  await list.nth(1).filter({ hasText: "three" }).waitFor();
  await list.nth(1).dragTo(list.nth(0));
  await list.nth(0).filter({ hasText: "three" }).waitFor();
  await page.getByRole("button", { name: "Remove answer 3" }).click();
  await page.getByText("2 answers").waitFor();

  const said = async () => (await (await chat("sk-any-key-000011", "next")).json()).choices[0].message.content;
  assert.deepEqual([await said(), await said()], ["three", "one"]);
  const last = said();
  await page.getByRole("link", { name: /Desk/ }).click();
  await page.getByLabel("Text (Ctrl+Enter sends)").fill("By hand.");
  await page.getByRole("button", { name: "Send the answer" }).click();
  assert.equal(await last, "By hand.");
  await fetch(`${origin}/api/preset-queue`, { method: "DELETE" });
  await close(page);
});

test("what a session stored is shown by kind, and each in full", async () => {
  const token = "sk-stored-token-14";
  await send(token, { model: "gpt-4o", input: "remember this sentence" }, "/v1/responses");
  await send(token, { items: [{ type: "message", role: "user", content: "an item of a conversation" }] }, "/v1/conversations");
  const page = await open(browser, "/?view=stored");
  await page.getByLabel("Session").selectOption({ label: "…n-14" });
  await page.getByRole("button", { name: "response · 1" }).waitFor();
  await page.getByRole("button", { name: "conversation.item · 1" }).click();
  await page.getByRole("button", { name: /^msg_.* of conv_/ }).click();
  await page.locator(".one pre", { hasText: "an item of a conversation" }).waitFor();
  assert.match(page.url(), /kind=conversation.item&resource=/);

  assert.deepEqual(await findBarriers(page), []);
  await send(token, { items: [{ type: "message", role: "user", content: "later" }] }, "/v1/conversations");
  await page.getByRole("button", { name: "conversation.item · 2" }).waitFor();
  await close(page);
});

test("the switches show what is set, also after the page is loaded again, and change nothing else", async () => {
  const token = "sk-switches-tok-15";
  await load(token, { ...NEVER, defaults: { on_unmatched: "echo", faults: [{ failure: { status: 418 } }] } });
  await chat(token, "hello");
  const page = await open(browser, "/?view=script");
  const fault = page.getByLabel("Fault of every answer");
  await page.getByLabel("Session").selectOption({ label: "…k-15" });
  await fault.locator("option:checked", { hasText: "as the script says" }).waitFor({ state: "attached" });
  const names = (await fault.locator("option").allTextContents()).filter((name) => name !== "as the script says");
  for (const name of [...names, "500 for each request", "none"]) {
    await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), fault.selectOption(name)]);
    await page.reload();
    await fault.locator("option:checked", { hasText: name }).waitFor({ state: "attached" });
    if (name.startsWith("500")) assert.equal((await chat(token, "hello")).status, 500);
  }
  const server = page.getByLabel("Model server");
  for (const name of ["crowded", "shared with all others"]) {
    await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), server.selectOption(name)]);
    await page.reload();
    await server.locator("option:checked", { hasText: name }).waitFor({ state: "attached" });
  }
  assert.equal((await (await chat(token, "an echo")).json()).choices[0].message.content, "an echo");
  await close(page);
});

test("a verdict says what is wrong in a session", async () => {
  await load("sk-verdict-tok-012", NEVER);
  await chat("sk-verdict-tok-012", "unmatched again");
  const page = await open(browser, "/?view=script");
  await page.getByLabel("Session").selectOption({ label: "…-012" });
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText('Rule "greeting" never answered').waitFor();
  await close(page);
});

test("the cost of an exchange and of all is shown, and its findings are among its headers", async () => {
  const usage = { prompt_tokens: 1000, completion_tokens: 100 };
  await load("sk-costs-token-016", { rules: [{ name: "dear", match: { user_text: "what does it cost" }, reply: { text: "This.", usage } }] });
  await chat("sk-costs-token-016", "what does it cost");
  await chat("sk-costs-token-016", "a costly question without a rule");
  const page = await open(browser, "/?words=cost");
  await rows(page).filter({ hasText: "what does it cost" }).click();
  await page.locator(".exchange", { hasText: "1,000 + 100 tokens" }).getByText("$0.0035", { exact: true }).waitFor();
  await rows(page).filter({ hasText: "without a rule" }).click();
  await page.getByRole("tab", { name: "Headers" }).click();
  await page.locator(".found", { hasText: "was not answered by a rule" }).waitFor();
  await page.getByRole("link", { name: "Statistics" }).or(page.getByRole("button", { name: "Statistics" })).click();
  await page.getByRole("table", { name: "Cost by model" }).getByText("$0.0035").waitFor();
  await close(page);
});

test("the messages of a WebSocket connection are listed, and lead to the requests among them", async () => {
  const token = "sk-socket-token-17";
  await load(token, { rules: [{ name: "spoken", match: { user_text: "say it by socket" }, reply: "Said by socket." }] });
  const page = await open(browser);
  await page.evaluate(
    async ({ token, url }) => {
      const socket = new WebSocket(url, ["realtime", `openai-insecure-api-key.${token}`]);
      const done = new Promise((resolve) => {
        socket.onmessage = ({ data }) => JSON.parse(data).type === "response.done" && resolve();
      });
      await new Promise((resolve) => (socket.onopen = resolve));
      const content = [{ type: "input_text", text: "say it by socket" }];
      for (const event of [
        { type: "session.update", session: { type: "realtime", output_modalities: ["text"] } },
        { type: "conversation.item.create", item: { type: "message", role: "user", content } },
        { type: "response.create" },
      ])
        socket.send(JSON.stringify(event));
      await done;
    },
    { token, url: `${origin.replace("http", "ws")}/v1/realtime?model=gpt-realtime` },
  );
  await rows(page).filter({ hasText: "GET /v1/realtime" }).filter({ hasText: "open" }).click();
  await page.getByRole("tab", { name: "Messages" }).waitFor();
  await page.locator(".gist", { hasText: "session.update" }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Copy curl" }).count(), 0);
  assert.deepEqual(await findBarriers(page), []);
  await page.getByRole("button", { name: /^answer of request \d+, \d+ messages$/ }).click();
  await page.locator(".message.answer", { hasText: "Said by socket." }).waitFor();
  await close(page);
});

test("a long question that waits stays within its list", async () => {
  const token = "sk-narrow-token-18";
  await load(token, { ...NEVER, defaults: { on_unmatched: "manual" } });
  const waiting = chat(token, "a very long question ".repeat(20));
  const page = await open(browser, "/?words=very+long+question");
  await rows(page).filter({ hasText: "very long question" }).click();
  await page.getByRole("button", { name: "Answer it at the desk" }).click();
  const [list, item] = [page.locator(".queue"), page.locator(".waits", { hasText: "very long question" })];
  await item.waitFor();
  const [outer, inner] = [await list.boundingBox(), await item.boundingBox()];
  assert.ok(inner.x + inner.width <= outer.x + outer.width);
  await item.click();
  await page.getByLabel("Text (Ctrl+Enter sends)").fill("Short.");
  await page.keyboard.press("Control+Enter");
  assert.equal((await (await waiting).json()).choices[0].message.content, "Short.");
  await close(page);
});

test("filters stand in the address", async () => {
  await load("sk-filter-token-08", { responses: { apples: "yes" } });
  await chat("sk-filter-token-08", "apples");
  await chat("sk-filter-token-08", "pears");
  const page = await open(browser, "/?words=pears");
  await rows(page).filter({ hasText: "pears" }).waitFor();
  assert.equal(await rows(page).filter({ hasText: "apples" }).count(), 0);
  await page.getByLabel("State").selectOption("answered");
  await page.waitForURL(/state=answered/);
  await close(page);
});

test("the list is used with the keyboard alone", async () => {
  await load("sk-keys-token-0009", { responses: { "": "yes" } });
  await chat("sk-keys-token-0009", "the first by keyboard");
  await chat("sk-keys-token-0009", "the second by keyboard");
  const page = await open(browser, "/?words=by+keyboard");
  await rows(page).nth(1).waitFor();
  await page.getByRole("listbox").focus();
  await page.keyboard.press("Home");
  await page.locator(".message.user", { hasText: "the first by keyboard" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.locator(".message.user", { hasText: "the second by keyboard" }).waitFor();
  await close(page);
});

const VIEWS = ["/", "/?view=desk", "/?view=script", "/?view=queues", "/?view=stored", "/?view=traffic", "/?view=statistics"];
const LOOKS = [
  { name: "light", options: { colorScheme: "light" } },
  { name: "dark", options: { colorScheme: "dark" } },
  { name: "a phone", options: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
];

for (const { name, options } of LOOKS)
  for (const view of VIEWS)
    test(`no barrier at ${view} in ${name}, and nothing is wider than the screen`, async () => {
      await send("", { response: { choices: [] }, status_code: 429 }, "/api/preset-queue/127.0.0.9");
      const page = await open(browser, view, options);
      await page.locator(".connection.open").waitFor();
      await page.locator("main > div").first().waitFor();
      assert.deepEqual(await findBarriers(page), []);
      assert.ok(await page.evaluate(() => [...document.querySelectorAll("html, main")].every((each) => each.scrollWidth <= each.clientWidth)));
      await close(page);
    });

test("no barrier in any part of an exchange", async () => {
  await load("sk-parts-token-010", { responses: { parts: "yes" } });
  await chat("sk-parts-token-010", "parts", { stream: true });
  await chat("sk-parts-token-010", "unmatched parts of mine");
  const page = await open(browser, "/?words=parts");
  await rows(page).filter({ hasText: "parts" }).first().click();
  for (const tab of ["Conversation", "Stream", "Raw", "Rules", "Headers"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator(".panel > *").first().waitFor();
    assert.deepEqual(await findBarriers(page), [], tab);
  }
  await close(page);
});

test("a page of another site can neither read the console nor ask its routes", async () => {
  const site = createServer((_, response) => response.end("<!doctype html><title>attack</title>")).listen(0, "127.0.0.1");
  await new Promise((resolve) => site.once("listening", resolve));
  const page = await openBlank(browser);
  await page.goto(`http://localhost:${site.address().port}/`);
  const results = await page.evaluate(async (target) => {
    const tried = (path, options) =>
      fetch(`${target}${path}`, options).then((response) => (response.type === "opaque" ? "blind" : `read ${response.status}`), () => "failed");
    return [
      await tried("/_emulator/sessions"),
      await tried("/"),
      await tried("/_emulator/sessions/none/reset", { method: "POST" }),
      await tried("/_emulator/sessions", { mode: "no-cors" }),
      await new Promise((resolve) => {
        const source = new EventSource(`${target}/_emulator/live`);
        source.onopen = () => resolve("read");
        source.onerror = () => resolve("failed");
      }),
    ];
  }, origin);
  assert.deepEqual(results.filter((result) => result.startsWith("read")), []);
  await page.setContent(`<iframe src="${origin}/"></iframe>`);
  await page.waitForTimeout(300);
  assert.equal(await page.frames()[1].locator("#app").count(), 0);
  site.close();
  await page.context().close();
});

test("a site that lets its name lead here is refused", async () => {
  const { hostname, port } = new URL(origin);
  const other = await launch(`--host-resolver-rules=MAP evil.example ${hostname}`);
  const page = await openBlank(other);
  const response = await page.goto(`http://evil.example:${port}/_emulator/sessions`);
  assert.equal(response.status(), 403);
  await other.close();
});
