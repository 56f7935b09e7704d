"""Microsoft.Resources: resource groups, listings over all types, registration of providers."""
