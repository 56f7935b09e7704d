"""Storage queues: functions that messages trigger, and messages that functions send."""
