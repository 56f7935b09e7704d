"""What all calls of Azure Resource Manager share."""
