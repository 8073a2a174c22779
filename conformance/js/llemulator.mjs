// The admin routes for tests in JavaScript: a session of its own for each test of node:test, verified in the end.
//
//   import { llemulator } from './llemulator.mjs'
//
//   test('greets', async (t) => {
//     const session = await llemulator(t)
//     await session.load({ responses: ['Hello'] })
//     const client = new OpenAI({ apiKey: session.token, baseURL: session.baseURL })
//     …
//   })
//
// LLEMULATOR_URL says where llemulator listens (http://127.0.0.1:8080 unless set).

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'

const URL_OF_ALL = process.env.LLEMULATOR_URL ?? 'http://127.0.0.1:8080'

/** Begins a session for a test. `options.ignore` names findings that do not fail it; `verify: false` leaves it to you. */
export async function llemulator(t, options = {}) {
  const session = new Session(options.url ?? URL_OF_ALL, options.token)
  t.after(async () => {
    try {
      if (options.verify !== false) await session.verify({ ignore: options.ignore ?? session.verdicts })
    } finally {
      await session.reset()
    }
  })
  return session
}

/** One token, its script and its journal. */
export class Session {
  /** How the client behaved: looked at only where a test asks for it, as in pytest. */
  verdicts = [
    'retried_in_vain', 'early_retry', 'ignored_should_retry', 'retry_storm', 'no_backoff', 'gave_up_early',
    'accepted_cut_stream', 'ignored_error_event', 'no_read_timeout', 'new_connections', 'dead_connection',
  ]

  constructor(url, token = `sk-llemulator-${randomBytes(12).toString('hex')}`) {
    this.url = url
    this.token = token
    this.baseURL = `${url}/v1`
  }

  /** Loads a script: an object, a list of replies, or text in YAML. */
  async load(script) {
    const text = typeof script === 'string'
    const body = text ? script : JSON.stringify(Array.isArray(script) ? { responses: script } : script)
    return this.#ask('POST', '/_emulator/script', body, text ? 'application/yaml' : 'application/json')
  }

  /** Returns what was asked and what answered, oldest first. */
  async requests(filters = {}) {
    const query = new URLSearchParams({ ...filters, format: 'full' })
    return (await this.#ask('GET', `/_emulator/requests?${query}`)).data
  }

  /** Throws an AssertionError that says what is amiss; returns the verdict where nothing is. */
  async verify(expected = {}) {
    const verdict = await this.#ask('POST', '/_emulator/verify', JSON.stringify(expected))
    if (!verdict.passed) assert.fail(verdict.findings.map(({ name, sentence }) => `${name}: ${sentence}`).join('\n'))
    return verdict
  }

  /** Forgets the session. */
  async reset() {
    await this.#ask('POST', '/_emulator/reset')
  }

  async #ask(method, path, body, type = 'application/json') {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': type }
    const answer = await fetch(this.url + path, { method, headers, body })
    const value = await answer.json()
    if (!answer.ok) throw new Error(value.error?.message ?? `status ${answer.status}`)
    return value
  }
}
