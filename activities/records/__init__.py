"""The activities that read and write the records of an operation."""
