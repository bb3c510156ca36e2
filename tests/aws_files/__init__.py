"""The files of aws/ by the checkers of their own kinds: `./run aws`."""
