"""Resources in plain words: pure functions from a stored document to what a person reads."""
