"""How the outside reaches the service: one blueprint a file; each handler parses, calls and answers."""
