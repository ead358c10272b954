"""An invoice replayed as a tree: from a line through every step to the meter and what it counted."""
