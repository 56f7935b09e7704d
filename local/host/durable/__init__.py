"""Durable Functions for one machine: what the extension and DurableTask core do, over one SQLite file.

`history` (events) <- `interpreter` (replay of an action list) <- `episode` (one turn of one instance)
<- `engine` (the work loop over `store`); `activities` runs the work, `management` is the HTTP side.
"""
