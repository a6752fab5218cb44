"""Records in bulk, through the same doorway as single writes: import, export, and the removal of a source."""
