// Who may look: on llemulator's own machine anybody, unless keys are set; otherwise a person with an admin key.
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { ask, Refused } from "./api";

/** Whether the server showed nothing, because this browser is not signed in. */
export const lacksKey = signal(false);

const PATH = "/_emulator/sign-in";

/** Return whether the server refused for want of an admin key; then the page asks for one. */
export function findLackOfKey(error: unknown): boolean {
  lacksKey.value = error instanceof Refused && error.code === "admin_key_needed";
  return lacksKey.value;
}

export function SignIn() {
  const [key, setKey] = useState("");
  const [said, setSaid] = useState("");
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        ask(PATH, { key }).then(
          () => window.location.reload(),
          (error: unknown) => setSaid(error instanceof Error ? error.message : String(error)),
        );
      }}
    >
      <h2>Sign in</h2>
      <p class="facts">
        This llemulator shows its sessions only to people with an admin key. The link that it printed at its start signs in one
        browser, too.
      </p>
      <label>
        Admin key
        <input type="password" autocomplete="current-password" value={key} onInput={(event) => setKey(event.currentTarget.value)} />
      </label>
      <p>
        <button type="submit" class="main">
          Sign in
        </button>
      </p>
      <p role="status" class={said ? "problem" : "unseen"}>
        {said}
      </p>
    </form>
  );
}
