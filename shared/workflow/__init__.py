"""What a workflow is made of: jobs, steps, and the messages between orchestrators and activities."""
