// Where a place of a script is in its text, and which place a position in the text has. By indentation, as people write
// scripts; what stands in one line in braces belongs to the key before them.
export type Step = string | number;

interface Level {
  indent: number;
  step: Step;
}

interface Line {
  indent: number;
  dashes: number[];
  key: string | null;
  rest: string;
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"{}[\],&*!|>%@`-][^#{}[\],]*?|-[^\s#{}[\],][^#{}[\],]*?)\s*:(?=\s|$)(.*)$/;

function readLine(text: string): Line | null {
  const bare = text.trimStart();
  if (!bare || bare.startsWith("#")) return null;
  let indent = text.length - bare.length;
  let rest = bare;
  const dashes: number[] = [];
  while (rest === "-" || rest.startsWith("- ")) {
    dashes.push(indent);
    const after = rest.slice(1);
    const blank = after.length - after.trimStart().length;
    indent += 1 + blank;
    rest = after.trimStart();
  }
  const found = KEY.exec(rest);
  return { indent, dashes, key: found ? unquote(found[1] ?? "") : null, rest: found ? (found[2] ?? "").trim() : rest };
}

function unquote(key: string): string {
  return /^(["']).*\1$/s.test(key) ? key.slice(1, -1) : key;
}

/** Follow the lines of a text, and call `visit` with the steps of each line that has a key or begins a member of a list. */
function walk(text: string, visit: (line: number, steps: Step[], rest: string) => void): Level[] {
  const levels: Level[] = [];
  const members = new Map<string, number>();
  let block = -1;
  text.split("\n").forEach((written, at) => {
    const indent = written.length - written.trimStart().length;
    if (block >= 0 && (!written.trim() || indent > block)) return;
    block = -1;
    const line = readLine(written);
    if (!line) return;
    for (const dash of line.dashes) {
      while (levels.length && (levels.at(-1)?.indent ?? 0) >= dash && !isParent(levels.at(-1), dash)) levels.pop();
      const list = `${JSON.stringify(levels.map((level) => level.step))}@${dash}`;
      const member = (members.get(list) ?? -1) + 1;
      members.set(list, member);
      levels.push({ indent: dash, step: member });
      visit(at, levels.map((level) => level.step), "");
    }
    if (line.key === null) return;
    while (levels.length && (levels.at(-1)?.indent ?? 0) >= line.indent) levels.pop();
    levels.push({ indent: line.indent, step: line.key });
    visit(at, levels.map((level) => level.step), line.rest);
    if (/^[|>][0-9+-]*\s*(#.*)?$/.test(line.rest)) block = line.indent;
  });
  return levels;
}

/** Whether a key may have a list whose dashes stand right below it. */
function isParent(level: Level | undefined, dash: number): boolean {
  return level !== undefined && level.indent === dash && typeof level.step === "string";
}

export function readPlaceOfProblem(place: string): Step[] {
  return [...place.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map((found) =>
    found[1] === undefined ? (found[2] ?? "") : Number(found[1]),
  );
}

/** Return the number of the line, from 0, that has the longest part of a place; 0 where none has. */
export function findLine(text: string, place: string): number {
  const wanted = readPlaceOfProblem(place);
  let best = { line: 0, length: 0 };
  walk(text, (line, steps) => {
    const isPart = steps.length <= wanted.length && steps.every((step, at) => step === wanted[at]);
    if (isPart && steps.length > best.length) best = { line, length: steps.length };
  });
  return best.line;
}

export interface Cursor {
  /** Of the object or value at the position. */
  steps: Step[];
  /** Whether a key is being written, and not the value of the last step. */
  isKey: boolean;
}

/** Say where in a script a position is. */
export function placeOf(text: string, position: number): Cursor {
  const before = text.slice(0, position);
  const start = before.lastIndexOf("\n") + 1;
  const current = before.slice(start);
  const braces = openBraces(current);
  const value = /^(\s*(?:- +)*)(.+?):\s+([^{}[\]]*)$/.exec(current);
  if (!braces.length && value) {
    const levels = walk(before, () => {});
    return { steps: levels.map((level) => level.step), isKey: false };
  }
  if (braces.length) {
    const outer = walk(before.slice(0, start + (braces[0] ?? 0)), () => {}).map((level) => level.step);
    const inner = braces.slice(1).map((at) => keyBefore(current.slice(0, at))).filter((key) => key !== null);
    const written = current.slice((braces.at(-1) ?? 0) + 1);
    const last = /([\w-]+):\s+[^,{}]*$/.exec(written);
    return { steps: [...outer, ...inner, ...(last?.[1] ? [last[1]] : [])], isKey: !last };
  }
  const indent = current.length - current.trimStart().length;
  const dashes = /^\s*((?:- +)*)/.exec(current)?.[1]?.length ?? 0;
  const levels = walk(`${before.slice(0, start)}${current.trimStart() ? `${current.slice(0, indent + dashes)}x:` : `${current}x:`}`, () => {});
  return { steps: levels.slice(0, -1).map((level) => level.step), isKey: true };
}

function openBraces(line: string): number[] {
  const open: number[] = [];
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] ?? "";
    if (quote) quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === "{") open.push(at);
    else if (sign === "}") open.pop();
  }
  return open;
}

function keyBefore(text: string): string | null {
  return /([\w-]+)\s*:\s*$/.exec(text)?.[1] ?? null;
}
