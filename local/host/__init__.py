"""A small Azure Functions host for one machine: HTTP triggers and Durable Functions over one SQLite file.

It loads the `function_app.py` of any app folder (Python v2 model) by its public registration and drives it
the way the Functions host and its Python worker do. See `docs/local-host.md`.
"""
