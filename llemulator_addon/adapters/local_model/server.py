"""Serves a GGUF file by OpenAI's API: a program of its own, so that neither its work nor its end stops the proxy.

It is run by its path, as `server.py FILE NAME`, and imports nothing of ours. It writes its URL to the standard output
once it answers, problems to the standard error, and ends when its standard input does.
"""

import os
import sys

import xllamacpp

_TOKENS = 8192
"""Of all conversations that it remembers together; of one at most as many as the model was made for."""
_EMBEDDED_AT_MOST = 1024
"""Tokens of a text whose embedding is asked for; more would take more memory, asked for or not."""
_AT_ONCE = 4
_CACHE_MIB = 256
_THREADS_AT_MOST = 4
_ERRORS_ONLY = 1
_LESS_URGENT = 5
"""Than the proxy, and the application that is waiting for it."""


def main() -> int:
    """Serve until the standard input ends."""
    file, name = sys.argv[1:]
    os.nice(_LESS_URGENT)
    try:
        server = xllamacpp.Server(_parameters(file, name))
    except RuntimeError:
        return 1  # it has said why
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    # At once, whatever it is at.
    os._exit(0)


def _parameters(file: str, name: str) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.model_alias = {name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0  # a free one
    parameters.n_ctx = _TOKENS
    parameters.n_parallel = _AT_ONCE
    parameters.kv_unified = True
    parameters.cache_ram_mib = _CACHE_MIB
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = _threads()
    parameters.embedding = True
    parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    parameters.n_batch = parameters.n_ubatch = _EMBEDDED_AT_MOST
    parameters.offline = True
    parameters.verbosity = _ERRORS_ONLY
    parameters.ui = False
    parameters.endpoint_slots = False
    # Pages in a browser have no business here; by default any may ask.
    parameters.cors_origins = "http://127.0.0.1"
    return parameters


def _threads() -> int:
    """Return how many work at once: they wait for each other, so that one without a core of its own holds up all."""
    cores = os.cpu_count() or 1
    return max(1, min(cores - 1, _THREADS_AT_MOST))


if __name__ == "__main__":
    sys.exit(main())
