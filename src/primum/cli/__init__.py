"""The command line, one file a command."""

from primum.cli.app import main

__all__ = ["main"]
