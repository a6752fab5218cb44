"""One person's record from many sources: which resources state the same thing, and why. Nothing is ever blended."""
