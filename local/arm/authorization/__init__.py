"""Microsoft.Authorization: roles, their assignments, and what a caller may do."""
