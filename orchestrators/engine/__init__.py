"""What the workflows share: the steps' loop, waits, retries, replication, undoing."""
