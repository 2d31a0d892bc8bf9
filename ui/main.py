"""The program's entry point: the command line, or the window with its threads, put together and taken apart in order.

Shut down: mail thread, desk thread, window, file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from app import cli


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; without a command, open the window."""
    options = cli.parse(sys.argv[1:] if argv is None else argv)
    if options.command is not None:
        return cli.run(options)
    from ui.run import open_window

    return open_window(_data_dir(options.data_dir), options.key_file)


def _data_dir(named: Path | None) -> Path:
    from app import paths

    return named or paths.last_data_dir() or paths.default_data_dir()


if __name__ == "__main__":
    sys.exit(main())
