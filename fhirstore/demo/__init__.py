"""A made-up record, for those who want to look at something before they have anything of their own."""
