// What Node loads at its start, by NODE_OPTIONS: connections to OpenAI's hosts lead to the emulator.
//
// For a Node that does not read HTTPS_PROXY itself (older than 22.21, and 24.0 to 24.4), and in newer ones for agents and
// dispatchers that a program makes itself, which lead to no proxy. The port of the emulator takes a bare TLS handshake, so
// the client verifies the certificate and the name as it always does.
"use strict"

// The proxy of Node's own `fetch` is experimental in some versions, and says so on stderr. Nobody asked for it there.
const emit = process.emit
process.emit = function (name, warning, ...rest) {
  return name === "warning" && warning && warning.code === "UNDICI-EHPA" ? false : emit.call(this, name, warning, ...rest)
}

const [, here, port] = /^(.*):(\d+)$/.exec(process.env.LLEMULATOR_RUN_ADDRESS || "") || []

if (here && !process.versions.bun && !(globalThis.Deno)) {
  const hosts = (process.env.LLEMULATOR_RUN_HOSTS || "").split(",").filter(Boolean).map(expression)
  const { Socket } = require("net")
  const connect = Socket.prototype.connect
  Socket.prototype.connect = function (...given) {
    return connect.apply(this, led(given))
  }

  // `connect` takes options, or what `net.connect` has made of them (an array with the options first), or port and host.
  function led(given) {
    const [first, second, ...rest] = given
    if (Array.isArray(first)) {
      if (leadsToOpenAI(first[0])) first[0] = ledHere(first[0])
      return given
    }
    if (typeof first === "object" && first !== null) {
      return leadsToOpenAI(first) ? [ledHere(first), second, ...rest] : given
    }
    return leadsToOpenAI({ port: first, host: second }) ? [Number(port), here, ...rest] : given
  }

  // A copy: TLS reads the name that it verifies from the options that it was given.
  function ledHere(options) {
    return { ...options, host: here, port: Number(port), lookup: undefined, family: undefined }
  }

  function leadsToOpenAI(options) {
    return (
      options && Number(options.port) === 443 && typeof options.host === "string" &&
      hosts.some((host) => host.test(options.host))
    )
  }
}

function expression(glob) {
  const text = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".")
  return new RegExp(`^${text}\\.?$`, "i")
}
