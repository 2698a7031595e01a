"""Controls and samples of one run against what they should show, and against each other."""
