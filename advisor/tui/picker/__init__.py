"""Where a person says what to work on: an example, a recipe, a session, a log."""
