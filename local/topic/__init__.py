"""A simulated Event Grid topic that takes CloudEvents, shows them, and can be told to fail."""
