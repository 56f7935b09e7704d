"""Azure Table Storage."""
