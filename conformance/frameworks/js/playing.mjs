// What the programs of this folder share: they say what their framework made of each case, a line of JSON for each.

import { z } from 'zod'

export const OTHER_KEY = process.env.OTHER_KEY // a second API key, for which no script is loaded
export const Person = z.object({ name: z.string(), age: z.number() })

export async function play(cases) {
  for (const [name, run] of Object.entries(cases)) {
    const result = await run().then((got) => ({ got }), (error) => ({ problem: `${error?.stack ?? error}` }))
    process.stdout.write(`${JSON.stringify({ case: name, ...result })}\n`)
  }
}

export async function all(pieces) {
  const found = []
  for await (const piece of pieces) found.push(piece)
  return found
}
