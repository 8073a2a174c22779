import { render } from "preact";
import { App } from "./app";
import { follow } from "./live";

const root = document.getElementById("app");
if (root) render(<App />, root);
follow();
