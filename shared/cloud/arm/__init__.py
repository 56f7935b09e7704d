"""Azure Resource Manager: a file for each thing that is touched there."""
