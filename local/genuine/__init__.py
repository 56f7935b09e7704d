"""Runs the function app on Microsoft's own Durable Functions engine, on this machine: for tests, never deployed.

`python -m local.genuine` takes `--app`, `--port` and `--state` as `python -m local.host` does. Microsoft's Durable and
Event Grid extensions run in a program of their own, whose source is in `dotnet`. This package finds and starts it
(`program`, `engine`) and is the Python worker that it calls (`worker`). docs/conformance.md says how to get the
program.
"""
