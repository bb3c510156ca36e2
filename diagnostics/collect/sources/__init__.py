"""One file for each source of facts; every file here is found by itself."""
