"""The statuses of the API page, how they follow on each other, and how they roll up."""
