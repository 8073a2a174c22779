"""Stores that keep sessions outside of this process, and the one place that opens a store."""
