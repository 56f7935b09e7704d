"""The durable engine's speed, beside a peer's: `python -m benchmarks.engine`."""
