"""Microsoft.MarketplaceOrdering: the terms of third-party images."""
