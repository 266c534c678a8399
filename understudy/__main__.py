"""``python -m understudy`` is the ``understudy`` command."""

from understudy.launcher import main

main()
