"""Requests to Microsoft.Compute, and their answers, a file per kind of resource."""
