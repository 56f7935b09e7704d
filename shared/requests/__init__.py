"""What only triggers use: reading a request, checking it, and the records of an accepted one."""
