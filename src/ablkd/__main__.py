"""`python -m ablkd` is `ablkd`."""

import sys

from ablkd.cli import main

sys.exit(main())
