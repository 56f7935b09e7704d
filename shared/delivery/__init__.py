"""Events on their way out: made, kept in the outbox, sent."""
