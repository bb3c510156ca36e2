"""Access logs: from files, or from a table in Athena, to the counts and rows of one incident."""
