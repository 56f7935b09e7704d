"""Resource events: what Azure's system topic tells of writes, deletions and actions that ended.

`emission` makes an event of what happened, `hooks` says who wants it, `outbox` keeps it until it is delivered,
`courier` delivers it, `documents` writes it in the schema that the receiver chose; hooks are set up in `admin`, and
prove in `handshake` that they want events.
"""
