"""Counters of several hosts as one source: each host's samples, brought together in time."""
