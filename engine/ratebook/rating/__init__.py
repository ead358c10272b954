"""Rating: measured usage × price program → exact nets of a charge, and how its lines share them."""
