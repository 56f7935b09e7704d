"""The workflows: each reads as its story. Pure replay code: no clock, no randomness, no I/O."""
