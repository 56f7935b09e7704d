"""The HTTP routes: a resource a file."""
