"""Managed disks and snapshots: what they are made of, their life, and access to their contents."""
