// Writes plain values as YAML, as far as a script needs it. Reading is left to the server.

/** Write a value as YAML that every reader takes for the same value. */
export function stringify(value: unknown): string {
  return `${write(value, 0)}\n`.replace(/^\n/, "");
}

function write(value: unknown, depth: number): string {
  const pad = "  ".repeat(depth);
  if (Array.isArray(value)) {
    if (!value.length) return "[]";
    return value.map((each) => `\n${pad}- ${write(each, depth + 1).replace(/^\n\s*/, "")}`).join("");
  }
  if (value !== null && typeof value === "object") {
    const pairs = Object.entries(value);
    if (!pairs.length) return "{}";
    return pairs.map(([key, each]) => `\n${pad}${writeText(key, depth)}:${spaced(write(each, depth + 1))}`).join("");
  }
  return typeof value === "string" ? writeText(value, depth) : JSON.stringify(value ?? null);
}

function spaced(text: string): string {
  return text.startsWith("\n") ? text : ` ${text}`;
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_ ./()'-]*$/;
const NO_TEXT = /^(?:true|false|null|yes|no|on|off|y|n|~)$/i;

function writeText(text: string, depth: number): string {
  const lines = text.split("\n");
  if (lines.length > 1 && lines.every((line) => !/^\s|\s$|[^\P{C}\t]/u.test(line)) && !text.startsWith("\n")) {
    const pad = "  ".repeat(depth);
    return `${text.endsWith("\n") ? "|" : "|-"}\n${lines.map((line) => (line ? pad + line : "")).join("\n").trimEnd()}`;
  }
  const isPlain = PLAIN.test(text) && !NO_TEXT.test(text) && !text.endsWith(" ");
  return isPlain ? text : JSON.stringify(text);
}
