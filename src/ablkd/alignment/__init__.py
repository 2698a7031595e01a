"""Reads -> fragments: read, placed on the splice graph, settled near gaps, and written as a BAM."""
