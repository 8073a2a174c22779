import { render } from "preact";
import { App } from "./app";
import { fail, follow } from "./live";
import { loadRole } from "./sign-in";

const root = document.getElementById("app");
if (root) render(<App />, root);
loadRole().then((role) => role && follow(), fail);
