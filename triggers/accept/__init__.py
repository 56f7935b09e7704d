"""Accepting a request: from HTTP or an event to an orchestration that has begun."""
