"""The shapes of what travels: requests and responses, records at rest, inputs and results of the steps."""
