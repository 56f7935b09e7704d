"""The activities of the steps."""
