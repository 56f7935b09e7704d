"""The project's own package: everything points at it, and only `shared.cloud` points at Azure."""
