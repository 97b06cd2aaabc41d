"""Questions and texts over a screen. Escape leaves each of them without doing anything."""
