"""Writing books: formatting files, starting a book from a template, taking one over from elsewhere."""
