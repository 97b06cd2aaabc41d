"""Every trial and decision of a session, and two of them side by side."""
