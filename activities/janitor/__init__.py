"""The activities of the janitor."""
