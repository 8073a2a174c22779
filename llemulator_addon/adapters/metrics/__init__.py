"""Metrics for Prometheus: `counting.py` counts, `text.py` writes; the only package that names prometheus_client."""
