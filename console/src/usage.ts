// The tokens that an answer says it took.
import type { Full, StreamEvent } from "./types";

export interface Tokens {
  prompt: number;
  answer: number;
}

export function tokensOf(full: Full): Tokens | null {
  const events = full.answer.events as StreamEvent[] | undefined;
  const values = events ? events.map((event) => event.value).reverse() : [full.answer.body];
  for (const value of values) {
    const found = usageIn(value);
    if (found) return found;
  }
  return null;
}

function usageIn(value: unknown): Tokens | null {
  if (value === null || typeof value !== "object") return null;
  const { usage, response } = value as { usage?: Record<string, unknown> | null; response?: unknown };
  if (!usage) return response ? usageIn(response) : null;
  const prompt = usage.prompt_tokens ?? usage.input_tokens;
  const answer = usage.completion_tokens ?? usage.output_tokens ?? 0;
  return typeof prompt === "number" && typeof answer === "number" ? { prompt, answer } : null;
}
