"""The rules and lifecycles of Microsoft.Compute, a file per kind of resource."""
