// Calls each method of each resource of the official Node SDK once, with made-up arguments, and prints what each came to.
import OpenAI from "openai";

const client = new OpenAI({ apiKey: "sk-node", adminAPIKey: "sk-node", maxRetries: 0 });
const HELPERS = /^(constructor|_.*|.*(Poll|poll|stream|parse|runTools|UntilReady|AndWait)|unwrap|verifySignature|getNextPage)$/i;
const seen = [];

function* methods(of, path) {
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(of)))
    if (!HELPERS.test(name) && typeof of[name] === "function") yield [of, name, `${path}.${name}`];
  for (const [name, value] of Object.entries(of))
    if (value && typeof value === "object" && "_client" in value) yield* methods(value, path ? `${path}.${name}` : name);
}

function made(method) {
  const source = method.toString();
  const names = source.slice(source.indexOf("(") + 1, source.indexOf(")")).split(",").map((each) => each.trim().split(/\s*=/)[0]);
  const inside = /const \{ ([^}]*) \} = params/.exec(source)?.[1] ?? "";
  const places = Object.fromEntries(inside.split(",").map((each) => each.trim().split(":")[0]).filter((each) => each && !each.startsWith("...")).map((each) => [each, "x"]));
  return names.filter((each) => each && each !== "options").map((each) => (/^(body|query)$/.test(each) ? {} : each === "params" ? places : "x"));
}

for (const [name, value] of Object.entries(client))
  if (value && typeof value === "object" && "_client" in value)
    for (const [of, method, path] of methods(value, name)) {
      try {
        const answer = await of[method](...made(of[method]), { timeout: 60_000 });
        if (answer && typeof answer[Symbol.asyncIterator] === "function") for await (const _ of answer) break;
        seen.push([path, 200, ""]);
      } catch (error) {
        seen.push([path, error.status ?? 0, String(error.message).slice(0, 120)]);
      }
    }
console.log(JSON.stringify(seen));
