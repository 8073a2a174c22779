import { isEmpty, objectIn, saidIn } from "./answers";
import { attachmentsOf } from "./attachments";
import { pretty } from "./format";
import type { Full, Message, Prompt } from "./types";

export function Conversation({ full }: { full: Full }) {
  const prompt = full.prompt as unknown as Prompt | null;
  const said = saidIn(full);
  const object = objectIn(full, said);
  const attached = attachmentsOf(full.request.body);
  const isNothing = !object && isEmpty(said);
  return (
    <div class="conversation">
      {prompt?.tools.length ? (
        <p class="tools">
          Tools offered: {prompt.tools.map((tool) => <code key={tool}>{tool}</code>)}
        </p>
      ) : null}
      <ol>
        {prompt?.messages.map((message, at) => <Said key={at} message={message} />)}
        {attached.pictures.length + attached.notes.length > 0 && (
          <li class="message">
            <h3>attached</h3>
            <Notes notes={attached.notes} />
            <Pictures of="the request" pictures={attached.pictures} />
          </li>
        )}
        <li class="message answer">
          <h3>{said.error ? "error" : "answer"}</h3>
          {said.reasoning && <p class="reasoning">{said.reasoning}</p>}
          {said.text && <p class="text">{said.text}</p>}
          {said.refusal && <p class="refusal">Refused: {said.refusal}</p>}
          {said.calls.map((call, at) => (
            <Call key={at} name={call.name} written={call.arguments} />
          ))}
          {said.error && <p class="refusal">{said.error}</p>}
          <Notes notes={said.notes} />
          <Pictures of="the answer" pictures={said.pictures} />
          {object && <pre tabIndex={0}>{cut(pretty(object))}</pre>}
          {isNothing && <p class="facts">{full.status ? "No words; see “Raw”." : "Nothing was answered yet."}</p>}
        </li>
      </ol>
    </div>
  );
}

const MOST = 4_000;

function cut(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST)}… (all of it is in “Raw”)` : text;
}

function Notes({ notes }: { notes: string[] }) {
  return <>{notes.map((note, at) => <p key={at} class="note">{note}</p>)}</>;
}

function Pictures({ of, pictures }: { of: string; pictures: string[] }) {
  if (!pictures.length) return null;
  return (
    <p class="pictures">
      {pictures.map((picture, at) => (
        <img key={at} src={picture} alt={`Picture ${at + 1} of ${of}`} />
      ))}
    </p>
  );
}

export function Said({ message }: { message: Message }) {
  if (!message.text && !message.called?.length && !message.answers) return null;
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
