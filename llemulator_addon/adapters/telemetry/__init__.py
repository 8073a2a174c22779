"""OpenTelemetry: spans, metrics and logs of exchanges, sent by OTLP from a process of its own, the sender.

`asking.py` reads the variables, `sending.py` is the watcher that gives exchanges to the sender, and `__main__.py` is
the sender. Only `recording.py` and `exporting.py`, which the sender imports, name opentelemetry. `facts.py` and
`content.py` choose the attributes of a span.
"""
