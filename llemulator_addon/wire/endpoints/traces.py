"""`POST /v1/traces/ingest`: where OpenAI's agents SDK sends what its agents did, by itself and from its own thread.

It is in no description of the API; 16 recordings of the agents SDK's and other programs' traffic have it, each with an
empty 204. Nothing is kept: the traces are shown in the journal, as any request.
"""

from llemulator_addon.wire.answer import Body, Call, Operation, Served


def ingest_traces(_: Call) -> Served:
    """Take them."""
    return Served(answer=Body(body=b"", status=204))


INGEST = Operation(
    name="traces.ingest", method="POST", path="/traces/ingest", serve=ingest_traces, for_pages=True, takes_turn=False
)
