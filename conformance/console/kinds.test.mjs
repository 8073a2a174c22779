// Exchanges that are more than text: GPT-Live, pictures, files, long lines. And what a person writes stays.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chat, close, findBarriers, launch, load, open, origin, send } from "./browser.mjs";

let browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const rows = (page) => page.locator(".row");

/** Speak on a WebSocket from the page; each step is messages, and a part of the one to wait for. The connection stays open. */
function talk(page, path, token, steps) {
  return page.evaluate(
    async ({ url, token, steps }) => {
      const socket = new WebSocket(url, ["realtime", `openai-insecure-api-key.${token}`]);
      let heard = () => {};
      socket.onmessage = ({ data }) => heard(data);
      await new Promise((resolve) => (socket.onopen = resolve));
      for (const { messages, until } of steps) {
        const over = new Promise((resolve) => (heard = (data) => data.includes(until) && resolve()));
        for (const message of messages) socket.send(JSON.stringify(message));
        await over;
      }
    },
    { url: `${origin.replace("http", "ws")}${path}`, token, steps },
  );
}

test("a conversation of GPT-Live is read: what was said, its sound in one line, its tasks and its answers", async () => {
  const token = "sk-gpt-live-tok-19";
  await load(token, {
    rules: [
      { match: { endpoint: "live", user_text: "order" }, reply: "Your order has arrived." },
      { match: { endpoint: "live", user_text: "umbrella" }, reply: { tool_calls: [{ name: "look", arguments: {} }] } },
      { match: { endpoint: "responses", user_text: "umbrella" }, reply: "No rain today." },
      { match: { endpoint: "live", user_text: "rain" }, reply: "You need none." },
    ],
  });
  const page = await open(browser);
  const told = (content) => ({ type: "session.commentary.append", content, delegation_id: null });
  const sound = Array(60).fill({ type: "session.input_audio.append", audio: "A".repeat(6_400) });
  const delegation = { type: "responses", responses: { model: "gpt-5.4" } };
  await talk(page, "/v1/live/sessions", token, [
    { messages: [{ type: "session.start", session: { model: "gpt-live-1", delegation } }], until: "session.started" },
    { messages: [...sound, told("The order is here.")], until: "session.usage.updated" },
    { messages: [told("An umbrella?")], until: '" none' },
  ]);

  await rows(page).filter({ hasText: "The order is here." }).filter({ hasText: "live · gpt-live-1 · rule" }).waitFor();
  await rows(page).filter({ hasText: "GET /v1/live/sessions" }).filter({ hasText: "…k-19" }).filter({ hasText: "open" }).click();
  for (const line of [/session\.start\b/, /session\.input_audio\.append, 60 messages/, /session\.commentary\.appended/, /^began request \d+$/])
    await page.locator(".gist, .gist summary", { hasText: line }).first().waitFor();
  assert.deepEqual(await page.getByRole("tab").allTextContents(), ["Messages", "Rules", "Headers"]);
  assert.equal(await page.getByRole("button", { name: "Send again" }).count(), 0);
  assert.deepEqual(await findBarriers(page), []);

  await page.getByRole("button", { name: /^answer of request 2, \d+ messages$/ }).click();
  await page.locator(".message.answer", { hasText: "Your order has arrived." }).waitFor();
  await page.getByRole("tab", { name: "Stream" }).click();
  await page.locator(".gist summary", { hasText: "session.output_transcript.delta" }).first().waitFor();
  await page.getByRole("button", { name: "Make a rule of this" }).click();
  await page.locator(".cm-content", { hasText: "Your order has arrived." }).waitFor();
  await page.getByText("1 rule, no problem").waitFor();
  assert.ok(!(await page.locator(".cm-content").innerText()).includes("audio"));

  await page.goto(`${origin}/?endpoint=live&words=umbrella`);
  await rows(page).filter({ hasText: "An umbrella?" }).click();
  await page.locator(".message.answer", { hasText: "a task for Responses" }).waitFor();
  await close(page);
});

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

test("the pictures of a request and of an answer are seen, and those elsewhere are not loaded", async () => {
  const token = "sk-pictures-tok-20";
  await load(token, { rules: [{ match: { user_text: "look at these" }, reply: "Two pictures." }] });
  const urls = [`data:image/png;base64,${DOT}`, "https://pictures.example/one.png"];
  const content = [{ type: "text", text: "look at these" }, ...urls.map((url) => ({ type: "image_url", image_url: { url } }))];
  await send(token, { model: "gpt-4o", messages: [{ role: "user", content }] });
  await send(token, { model: "gpt-image-1", prompt: "a ship at sea" }, "/v1/images/generations");
  const page = await open(browser);
  const isSeen = (image) => image.evaluate(async (element) => (await element.decode(), element.naturalWidth > 0));

  await rows(page).filter({ hasText: "look at these" }).click();
  assert.ok(await isSeen(page.getByAltText("Picture 1 of the request")));
  await page.getByText("picture https://pictures.example/one.png").waitFor();
  await rows(page).filter({ hasText: "a ship at sea" }).click();
  assert.ok(await isSeen(page.getByAltText("Picture 1 of the answer")));
  assert.deepEqual(await findBarriers(page), []);
  await close(page);
});

test("on a phone no part of an exchange is wider than the screen, whatever it holds", async () => {
  const token = "sk-wide-tok-000021";
  const long = "w".repeat(400);
  const tools = [{ type: "function", function: { name: "a".repeat(64), parameters: { type: "object", properties: {} } } }];
  await load(token, { rules: [{ name: long.slice(0, 200), match: { user_text: "wide" }, reply: { tool_calls: [{ name: "a".repeat(64), arguments: { long } }] } }] });
  await (await chat(token, `wide ${long}`, { tools, stream: true })).text();
  const page = await open(browser, "/?words=wide", { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
  await rows(page).filter({ hasText: "wide" }).click();
  for (const tab of ["Conversation", "Stream", "Raw", "Rules", "Headers"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator(".panel > *").first().waitFor();
    const wider = await page.evaluate(() =>
      [...document.querySelectorAll("html, main, .exchange, .panel")].filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.className));
    assert.deepEqual(wider, [], tab);
  }
  await close(page);
});

test("a script that somebody writes stays when another session begins", async () => {
  await load("sk-writer-tok-0022", { responses: { old: "rule" } });
  await chat("sk-writer-tok-0022", "old");
  const page = await open(browser, "/?view=script");
  await page.locator("label", { hasText: "Session" }).locator("option:checked", { hasText: "…0022" }).waitFor({ state: "attached" });
  await page.locator(".cm-content", { hasText: "old" }).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# written by hand");
  await chat("sk-newcomer-tk-0023", "hello");
  await page.locator("option", { hasText: "…0023" }).first().waitFor({ state: "attached" });
  assert.match(await page.locator(".cm-content").innerText(), /# written by hand/);
  await close(page);
});

test("the list stays at its end when its place becomes lower, and says when no exchange fits the filters", async () => {
  const token = "sk-follow-tok-0024";
  await load(token, { responses: { "": "yes" } });
  for (let number = 0; number < 30; number += 1) await (await chat(token, `followed ${number}`)).arrayBuffer();
  const page = await open(browser, "/?words=followed");
  await rows(page).filter({ hasText: "followed 29" }).click();
  await page.locator(".message.user", { hasText: "followed 29" }).waitFor();
  await chat(token, "followed to the end");
  await rows(page).filter({ hasText: "followed to the end" }).waitFor();
  const list = await page.locator(".rows").boundingBox();
  const last = await rows(page).filter({ hasText: "followed to the end" }).boundingBox();
  assert.ok(last.y + last.height <= list.y + list.height + 1);

  await page.getByLabel("Search in exchanges").fill("words that nobody said");
  await page.getByText("No exchange fits the search and the filters.").waitFor();
  await close(page);
});
