// Prints how many milliseconds it takes from the begin of a navigation until the list of exchanges is seen, several times.
import { chat, launch, origin } from "./browser.mjs";

const TIMES = 5;
for (let number = 0; number < 50; number += 1) await chat("sk-first-view", `request ${number}`);
const browser = await launch();
const milliseconds = [];
for (let time = 0; time < TIMES; time += 1) {
  // Nothing is in its cache.
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector(".row")) requestAnimationFrame(() => console.log(performance.now()));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  // The page tells it itself: to ask for it, Playwright would load a large script into the page while that is drawn.
  const told = page.waitForEvent("console");
  await page.goto(`${origin}/`, { waitUntil: "commit" });
  milliseconds.push(Number((await told).text()));
  await context.close();
}
await browser.close();
console.log(JSON.stringify(milliseconds));
