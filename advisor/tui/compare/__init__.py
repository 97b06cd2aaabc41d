"""The same recipe on two backends, while they are compared."""
