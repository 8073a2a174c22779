import { render } from "preact";
import { App } from "./app";
import { fail, follow, loadAll, loadFirst, loadJournals } from "./live";
import { findLackOfKey } from "./sign-in";

/** Milliseconds after which the page is shown without its list. */
const PATIENCE = 150;

const root = document.getElementById("app");
let isShown = false;

// It is drawn once, with its list, if that comes soon.
function show(): void {
  if (root && !isShown) render(<App />, root);
  isShown = true;
}

setTimeout(show, PATIENCE);
loadFirst().then(
  ({ place, missing }) => {
    show();
    follow(place, () => loadJournals(missing));
  },
  (error: unknown) => {
    if (!findLackOfKey(error)) {
      fail(error);
      follow("", loadAll);
    }
    show();
  },
);
