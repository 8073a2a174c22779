// Takes the pictures of docs/images/: an example of each view, with requests of three sessions.
//
//   node pictures.mjs FOLDER   with LLEMULATOR_URL, of a server that plays scripts/hello.yaml
import { chat, launch, load, open, send } from "./browser.mjs";

const folder = process.argv[2];
const AGENT = "sk-agent-7f3a";
const CI = "sk-ci-run-22b1";
const DESK = "sk-desk-90aa";
const tools = [{ type: "function", function: { name: "find_trains", parameters: { type: "object", properties: {} } } }];

await chat(AGENT, "Hello there");
await chat(AGENT, "What is the weather in Oslo?");
await (await chat(AGENT, "Tell me a story", { stream: true })).text();
await send(AGENT, { model: "text-embedding-3-small", input: "hello" }, "/v1/embeddings");
await load(CI, {
  rules: [
    { name: "greeting", match: { model: "gpt-5.4", user_text: "(?i)good morning" }, reply: "Good morning!" },
    { name: "summary", match: { user_text: "(?i)summarise the report" }, reply: "Sales are up by 4 %.", times: 1 },
    { name: "price", match: { json_path: { "$.metadata.kind": "price" } }, reply: "42" },
  ],
});
await chat(CI, "Summarise the report");
await chat(CI, "Summarise the report");
await chat(CI, "Good morning, summarise the sales report");
await load(DESK, { rules: [{ match: { user_text: "never" }, reply: "" }], defaults: { on_unmatched: "manual" } });
const messages = [
  { role: "system", content: "You book trips. Use the tools." },
  { role: "user", content: "Find me a train to Bergen on Friday" },
];
const waiting = send(DESK, { model: "gpt-4o", stream: true, messages, tools });

const browser = await launch();
const size = { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1 };

async function take(name, path, act = async () => {}, options = {}) {
  const page = await open(browser, path, { ...size, ...options });
  await page.locator(".connection.open").waitFor();
  await act(page);
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.context().close();
}

const choose = (text, tab) => async (page) => {
  await page.locator(".row", { hasText: text }).last().click();
  if (tab) await page.getByRole("tab", { name: tab }).click();
  await page.locator(".panel > *").first().waitFor();
};

await take("console-rules", "/", choose("Good morning", "Rules"));
await take("console-stream", "/", choose("Tell me a story", "Stream"), { colorScheme: "dark" });
await take("console-desk", "/?view=desk", async (page) => {
  await page.getByRole("radio", { name: "tool call" }).check();
  await page.getByLabel("Arguments, as JSON").fill('{"to": "Bergen", "day": "Friday"}');
});
await take("console-script", "/?view=script", async (page) => {
  await page.getByLabel("Session").selectOption({ label: "…22b1" });
  await page.locator(".cm-content", { hasText: "greeting" }).waitFor();
}, { colorScheme: "dark" });
await take("console-phone", "/", undefined, { viewport: { width: 390, height: 760 } });
await browser.close();
await send(DESK, "Friday at 8:25.", "/_emulator/waiting/1");
await (await waiting).text();
