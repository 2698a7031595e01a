"""What was found, and what could not be seen, means for each drug."""
