"""One file per kind of search parameter, each with both sides: values → entries, query text → filter."""
