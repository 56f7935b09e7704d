"""The jobs: each the input of an operation's orchestration."""
