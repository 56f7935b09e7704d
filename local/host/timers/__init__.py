"""Timer triggers: when a function is due, that it runs then, and what is remembered of it."""
