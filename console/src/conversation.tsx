import { saidIn } from "./answers";
import type { Full, Message, Prompt } from "./types";

export function Conversation({ full }: { full: Full }) {
  const prompt = full.prompt as unknown as Prompt | null;
  const said = saidIn(full);
  const isNothing = !said.text && !said.calls.length && !said.refusal && !said.reasoning && !said.error;
  return (
    <div class="conversation">
      {prompt?.tools.length ? (
        <p class="tools">
          Tools offered: {prompt.tools.map((tool) => <code key={tool}>{tool}</code>)}
        </p>
      ) : null}
      <ol>
        {prompt?.messages.map((message, at) => <Said key={at} message={message} />)}
        <li class="message answer">
          <h3>{said.error ? "error" : "answer"}</h3>
          {said.reasoning && <p class="reasoning">{said.reasoning}</p>}
          {said.text && <p class="text">{said.text}</p>}
          {said.refusal && <p class="refusal">Refused: {said.refusal}</p>}
          {said.calls.map((call, at) => (
            <Call key={at} name={call.name} written={call.arguments} />
          ))}
          {said.error && <p class="refusal">{said.error}</p>}
          {isNothing && <p class="facts">{full.status ? "No words; see “Raw”." : "Nothing was answered yet."}</p>}
        </li>
      </ol>
    </div>
  );
}

export function Said({ message }: { message: Message }) {
  return (
    <li class={`message ${message.role}`}>
      <h3>
        {message.role}
        {message.answers && <span class="facts"> result of {message.answers}</span>}
      </h3>
      {message.text && <p class="text">{message.text}</p>}
      {message.called?.map(([name, written], at) => <Call key={at} name={name} written={written} />)}
    </li>
  );
}

export function Call({ name, written }: { name: string; written: string }) {
  return (
    <div class="call">
      <span class="call-name">{name}</span>
      <code>{written}</code>
    </div>
  );
}
