"""What the README's figures come from: generated usage, generated books, and the measurements."""
