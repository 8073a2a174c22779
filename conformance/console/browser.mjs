// Debian's Chromium, driven by Playwright, and requests of an application to the server under test.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const origin = process.env.LLEMULATOR_URL;
/** Milliseconds that a test waits for what must come: it decides only how long one that hangs takes. */
const PATIENCE = 300_000;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");

export function launch(...more) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    timeout: PATIENCE,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", ...more,
    ],
  });
}

/** A page that is patient where the machine is slow. */
export async function openBlank(browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  return context.newPage();
}

/** A page that notes what must not happen: errors, and requests to other hosts. */
export async function open(browser, path = "/", options = {}) {
  const page = await openBlank(browser, { viewport: { width: 1280, height: 800 }, ...options });
  page.wrong = [];
  page.on("pageerror", (error) => page.wrong.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") page.wrong.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) page.wrong.push(`asked ${request.url()}`);
  });
  await page.goto(`${origin}${path}`);
  return page;
}

/** Close a page on which nothing of that happened. */
export async function close(page) {
  assert.deepEqual(page.wrong, []);
  await page.context().close();
}

/** What axe finds on the page, as lines; axe is run in a world of its own, so the page's policy stays. */
export async function findBarriers(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const run = (expression) =>
    session.send("Runtime.evaluate", { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
  await run(axe);
  const { result } = await run("axe.run().then((found) => found.violations)");
  await session.detach();
  return result.value.map((found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

export function send(token, body, path = "/v1/chat/completions") {
  return fetch(`${origin}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export function chat(token, text, more = {}) {
  return send(token, { model: "gpt-4o", messages: [{ role: "user", content: text }], ...more });
}

export async function load(token, script) {
  const response = await send(token, script, "/_emulator/script");
  if (!response.ok) throw new Error(await response.text());
}
