"""From what was measured to the rows of the result: what is detected, what is held back, what was not assessed."""
