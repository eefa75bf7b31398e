"""``python -m primum`` is the same as ``primum``."""

from primum.cli import main

main()
