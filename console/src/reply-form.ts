// The form of an answer by hand, and the reply that it means.
export type Kind = "text" | "tool" | "json" | "error" | "raw" | "reply";

export const KINDS: { name: Kind; label: string }[] = [
  { name: "text", label: "text" },
  { name: "tool", label: "tool call" },
  { name: "json", label: "JSON" },
  { name: "error", label: "error" },
  { name: "raw", label: "raw" },
  { name: "reply", label: "any reply" },
];

export interface Form {
  kind: Kind;
  text: string;
  tool: string;
  args: string;
  json: string;
  status: number;
  message: string;
  code: string;
  raw: string;
  /** A reply as in a rule, as JSON. */
  reply: string;
  /** Tokens per second of a stream; 0: at once. */
  rate: number;
}

/** Return the reply as the admin route takes it, or what is wrong with the form. */
export function buildReply(form: Form): Record<string, unknown> | string {
  const pacing = form.rate > 0 ? { stream: { tokens_per_second: form.rate } } : {};
  switch (form.kind) {
    case "text":
      return { text: form.text, ...pacing };
    case "tool": {
      const given = parse(form.args);
      if (!form.tool) return "Name the tool.";
      if (given === undefined || given === null || typeof given !== "object") return "The arguments are no JSON object.";
      return { tool_calls: [{ name: form.tool, arguments: given }], ...pacing };
    }
    case "json": {
      const said = parse(form.json);
      return said === undefined ? "This is no JSON." : { json: said, ...pacing };
    }
    case "error": {
      const more = { ...(form.message && { message: form.message }), ...(form.code && { code: form.code }) };
      return { failure: { status: form.status, ...more } };
    }
    case "reply": {
      const reply = parse(form.reply);
      const isObject = reply !== null && typeof reply === "object" && !Array.isArray(reply);
      return isObject ? (reply as Record<string, unknown>) : "This is no JSON object.";
    }
    case "raw": {
      const body = parse(form.raw);
      return { raw: body === undefined ? { status: form.status, body: form.raw } : { status: form.status, json: body } };
    }
  }
}

/** Return what a form must have to mean an answer; one that no other kind can say is a reply. */
export function formOf(answer: unknown): Partial<Form> {
  const reply: Partial<Form> = { kind: "reply", reply: JSON.stringify(answer, null, 2) };
  if (typeof answer === "string") return { kind: "text", text: answer };
  if (answer === null || typeof answer !== "object") return reply;
  const { text, failure, ...others } = answer as { text?: unknown; failure?: Record<string, unknown> };
  if (Object.keys(others).length) return reply;
  if (typeof text === "string" && !failure) return { kind: "text", text };
  if (failure && text === undefined && typeof failure.status === "number") {
    const { status, message = "", code = "", ...more } = failure;
    if (Object.keys(more).length || typeof message !== "string" || typeof code !== "string") return reply;
    return { kind: "error", status: Number(status), message, code };
  }
  return reply;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
