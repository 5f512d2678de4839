"""Known answers, mixed in to see whether the judge is awake."""
