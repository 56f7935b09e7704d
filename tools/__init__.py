"""What the makers of the project run; never deployed."""
