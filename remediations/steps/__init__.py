"""Guards and writes for single settings of AWS, of which the plans of the catalogue are made."""
