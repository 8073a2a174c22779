// Sessions for tests with node:test: each test has its own session, which is verified at its end. Copy this file.
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
// LLEMULATOR_URL is the address of llemulator (default: http://127.0.0.1:8080).

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'

const URL_OF_ALL = process.env.LLEMULATOR_URL ?? 'http://127.0.0.1:8080'

/** Starts a session for a test. `options.ignore` lists findings that do not fail the test; `verify: false` skips the check. */
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
  /** The checks of the client. By default they are ignored, as in pytest. */
  verdicts = [
    'retried_in_vain', 'early_retry', 'ignored_should_retry', 'retry_storm', 'no_backoff', 'gave_up_early',
    'accepted_cut_stream', 'ignored_error_event', 'no_read_timeout', 'new_connections', 'dead_connection',
    'no_reconnect_backoff', 'ignored_close_code',
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

  /** Returns the requests and their answers, oldest first. */
  async requests(filters = {}) {
    const query = new URLSearchParams({ ...filters, format: 'full' })
    return (await this.#ask('GET', `/_emulator/requests?${query}`)).data
  }

  /** Returns the verdict; throws an AssertionError that lists the findings, if there are any. */
  async verify(expected = {}) {
    const verdict = await this.#ask('POST', '/_emulator/verify', JSON.stringify(expected))
    if (!verdict.passed) assert.fail(verdict.findings.map(({ name, sentence }) => `${name}: ${sentence}`).join('\n'))
    return verdict
  }

  /** Clears the session. */
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
