"""Azure Compute Gallery: galleries, image definitions, image versions, their replication and sharing."""
