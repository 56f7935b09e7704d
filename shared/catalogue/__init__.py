"""The rules of the catalogue: transitions, commits, the ledger, the queue, orphans."""
