"""What stands in for Azure on a developer's machine; never deployed."""
