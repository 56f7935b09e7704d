"""Events of Event Grid."""
