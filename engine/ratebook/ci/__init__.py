"""A preview in a pull or merge request: the one comment that is kept up to date, and workflows to copy."""
