// What a JSON schema allows at a place: for the completion in the editor.
import type { Step } from "./yaml-places";

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  type?: string | string[];
  description?: string;
}

export interface Option {
  label: string;
  detail: string;
}

/** Return all schemas that may hold at a place. */
export function schemasAt(root: Schema, steps: readonly Step[]): Schema[] {
  let found = unfold(root, [root]);
  for (const step of steps) found = unfold(root, found.flatMap((schema) => below(schema, step)));
  return found;
}

function below(schema: Schema, step: Step): Schema[] {
  if (typeof step === "number") return schema.items ? [schema.items] : [];
  const named = schema.properties?.[step];
  if (named) return [named];
  return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

function unfold(root: Schema, schemas: Schema[]): Schema[] {
  const found = new Set<Schema>();
  const queue = [...schemas];
  while (queue.length) {
    const schema = queue.pop();
    if (!schema || found.has(schema)) continue;
    found.add(schema);
    const named = schema.$ref?.startsWith("#/$defs/") ? root.$defs?.[decodeURIComponent(schema.$ref.slice(8))] : null;
    queue.push(...(named ? [named] : []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? []));
  }
  return [...found];
}

/** Return the keys that may be written at a place. */
export function keysAt(root: Schema, steps: readonly Step[]): Option[] {
  const found = new Map<string, Option>();
  for (const schema of schemasAt(root, steps))
    for (const [label, value] of Object.entries(schema.properties ?? {}))
      if (!found.has(label)) found.set(label, { label, detail: describe(root, value) });
  return [...found.values()];
}

/** Return the values that may be written at a place, if they are few. */
export function valuesAt(root: Schema, steps: readonly Step[]): Option[] {
  const found = new Set<string>();
  for (const schema of schemasAt(root, steps)) {
    for (const value of schema.enum ?? []) found.add(String(value));
    if (schema.const !== undefined) found.add(String(schema.const));
    if (schema.type === "boolean") for (const value of ["true", "false"]) found.add(value);
  }
  return [...found].map((label) => ({ label, detail: "" }));
}

function describe(root: Schema, schema: Schema): string {
  const described = unfold(root, [schema]).find((each) => each.description)?.description ?? "";
  return described.split("\n")[0] ?? "";
}
