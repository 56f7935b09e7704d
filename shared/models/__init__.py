"""The records at rest, a family a file, and the events that tell of their changes."""
