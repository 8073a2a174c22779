// Asks the admin routes. A session is named by its digest: no token is ever known here.
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Names the session of requests without a token. */
export const NO_TOKEN = "none";

/** The path of a route about a session. */
export function pathOf(session: string, route: string): string {
  return `/_emulator/sessions/${session}/${route}`;
}

export async function ask<T>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<T> {
  const response = await send(path, method, body === undefined ? undefined : JSON.stringify(body), "application/json");
  return (await response.json()) as T;
}

export async function askText(path: string, accept: string): Promise<string> {
  return (await send(path, "GET", undefined, undefined, accept)).text();
}

export async function sendYaml<T>(path: string, text: string): Promise<T> {
  return (await (await send(path, "POST", text, "application/yaml")).json()) as T;
}

async function send(
  path: string,
  method: string,
  body: string | undefined,
  type: string | undefined,
  accept = "application/json",
): Promise<Response> {
  const headers = { accept, ...(type && body !== undefined ? { "content-type": type } : {}) };
  let response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
  // What is large may have to wait until others were read.
  for (let tries = 1; response.status === 503 && method === "GET" && tries < 6; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 300 * tries));
    response = await fetch(path, { headers });
  }
  if (response.ok) return response;
  const text = await response.text();
  throw refusalOf(response.status, text);
}

export function refusalOf(status: number, text: string): Refused {
  try {
    const { error } = JSON.parse(text) as { error: { message: string; code: string | null } };
    return new Refused(status, error.code ?? "", error.message);
  } catch {
    return new Refused(status, "", text || `status ${status}`);
  }
}
