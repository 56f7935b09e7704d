"""Compares the answers of two hosts in full: of the local host, and of Microsoft's engine.

`python -m tests.conformance.comparison` starts both with the suite's apps, sends both the same requests, and prints
where their answers differ; docs/conformance.md says more.
"""
