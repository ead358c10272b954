"""Tests of a book: cases of usage in YAML, rated by the engine, and compared with what they expect in money."""
