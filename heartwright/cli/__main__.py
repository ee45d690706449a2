"""`python -m heartwright.cli`: the command line without its installed script."""

import sys

from heartwright.cli import main

sys.exit(main())
