"""Two runs, or two targets of one, over the same prompts: which changed, by how much, and whether that is chance."""
