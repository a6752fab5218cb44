"""Lives of known truth: what happened to a person, told by three sources in their own words, from a seed."""
