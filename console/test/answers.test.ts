import { describe, expect, test } from "vitest";
import { isEmpty, objectIn, saidIn } from "../src/answers";
import { attachmentsOf } from "../src/attachments";
import { gistOf } from "../src/events";
import type { Full } from "../src/types";

function answer(body: unknown, headers: Record<string, string> = {}): Pick<Full, "answer"> {
  return { answer: { headers, wait_before_head: 0, body } } as unknown as Pick<Full, "answer">;
}

function events(...values: unknown[]): Pick<Full, "answer"> {
  return { answer: { headers: {}, wait_before_head: 0, events: values.map((value) => ({ event: null, left: 0, value })) } } as never;
}

describe("an answer is read", () => {
  test.each([
    ["of Realtime", events({ type: "response.output_audio_transcript.delta", delta: "Hi" }, { type: "response.output_audio.delta", delta: "AA" })],
    ["of GPT-Live", events({ type: "session.output_transcript.delta", delta: "Hi" }, { type: "session.output_audio.delta", delta: "AA" })],
    ["of a transcription", answer({ text: "Hi", usage: {} })],
    ["of a streamed transcription", events({ type: "transcript.text.delta", delta: "Hi" }, { type: "transcript.text.done", text: "Hi" })],
    ["of subtitles", answer("Hi")],
    ["of spoken chat", answer({ choices: [{ message: { content: null, audio: { data: "AA", transcript: "Hi" } } }] })],
    ["of streamed spoken chat", events({ choices: [{ delta: { audio: { transcript: "Hi" } } }] }, { choices: [{ delta: { audio: { data: "AA" } } }] })],
  ])("%s as its words", (_, full) => {
    expect(saidIn(full).text).toBe("Hi");
  });

  test.each([
    ["vectors", answer({ data: [{ object: "embedding", embedding: [1, 2, 3] }, { object: "embedding", embedding: [4, 5, 6] }] }), "2 vectors of 3 numbers"],
    ["vectors in base64", answer({ data: [{ object: "embedding", embedding: btoa("\0".repeat(8)) }] }), "1 vector of 2 numbers"],
    ["a harmless text", answer({ results: [{ flagged: false, categories: { hate: false } }] }), "not flagged"],
    ["a text that is not", answer({ results: [{ flagged: true, categories: { hate: true, violence: true, sexual: false } }] }), "flagged: hate, violence"],
    ["sound", answer({ bytes: 2048, hex: "ff" }, { "content-type": "audio/mpeg" }), "audio/mpeg, 2.0 KiB"],
    ["a task", events({ type: "session.delegation.created", delegation: { target: "responses" } }), "a task for Responses"],
    ["a task", events({ type: "session.delegation.created", delegation: { target: "client" } }), "a task for the application"],
    ["a picture elsewhere", answer({ data: [{ url: "https://x/y" }] }), "a picture at https://x/y"],
  ])("of %s in a few words", (_, full, note) => {
    expect(saidIn(full).notes).toEqual([note]);
  });

  test.each([
    ["generated", answer({ output_format: "webp", data: [{ b64_json: "AA" }] }), "data:image/webp;base64,AA"],
    ["of a response", answer({ output: [{ type: "image_generation_call", result: "AA" }] }), "data:image/png;base64,AA"],
    [
      "that came in parts",
      events({ type: "image_generation.partial_image", b64_json: "BB" }, { type: "image_generation.completed", b64_json: "AA", output_format: "jpeg" }),
      "data:image/jpeg;base64,AA",
    ],
  ])("as its picture, %s", (_, full, picture) => {
    expect(saidIn(full).pictures).toEqual([picture]);
  });

  test("of anything else as the object that it is", () => {
    const file = { object: "file", id: "file-1" };

    expect(objectIn(answer(file), saidIn(answer(file)))).toBe(file);
    expect(objectIn(answer({ text: "Hi" }), saidIn(answer({ text: "Hi" })))).toBeNull();
    expect([isEmpty(saidIn(answer(null))), isEmpty(saidIn(answer("Hi")))]).toEqual([true, false]);
  });
});

test("what a request brings is found, and a picture elsewhere is not loaded", () => {
  const body = {
    file: { filename: "speech.wav", content_type: "audio/wav", bytes: 2048 },
    messages: [
      { content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }, { type: "image_url", image_url: { url: "https://x/y.png" } }] },
      { content: [{ type: "input_image", image_url: "data:image/png;base64,BB" }, { type: "input_audio", input_audio: { data: "AA", format: "wav" } }] },
      { content: "data:image/png;base64,CC" },
    ],
  };

  expect(attachmentsOf(body)).toEqual({
    pictures: ["data:image/png;base64,AA", "data:image/png;base64,BB"],
    notes: ["file speech.wav, 2.0 KiB", "picture https://x/y.png", "sound"],
  });
  expect(attachmentsOf("text")).toEqual({ pictures: [], notes: [] });
});

test("an event is named, also by its type, and says what it adds", () => {
  const of = (value: unknown, event: string | null = null) => gistOf({ event, left: 0, value });

  expect(of({ type: "session.output_transcript.delta", delta: "Hi" })).toMatchObject({ name: "session.output_transcript.delta", adds: "Hi" });
  expect(of({ type: "response.created", id: 1 }, "response.created")).toEqual({ name: "response.created", adds: "", rest: '{"id":1}' });
  expect(of("[DONE]")).toEqual({ name: "", adds: "", rest: "[DONE]" });
});
