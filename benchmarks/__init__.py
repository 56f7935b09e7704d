"""What is measured: a command each, which prints a table. docs/benchmarks.md has the figures and how to read them."""
