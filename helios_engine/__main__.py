"""`python -m helios_engine` is the command line."""

from helios_engine.cli import main

main()
