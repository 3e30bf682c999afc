"""``python -m sluicegate check …``, ``serve`` and every other command: the program, run by the Node that is there.

The wheel brings the program; ``pip install "sluicegate[gate]"`` brings a Node for it. Nothing is downloaded here.
"""

from __future__ import annotations

import os
import subprocess
import sys

from sluicegate.program import ProgramMissing, find_program


def main() -> int:
    """Run the command line that this process was started with. Returns the program's exit code; 2 where there is no
    program to run."""
    try:
        command = find_program()
    except ProgramMissing as missing:
        print(f"sluicegate: {missing}", file=sys.stderr)
        return 2
    arguments = [*command, *sys.argv[1:]]
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(arguments[0], arguments)  # noqa: S606 - the program found above, in place of this one
    return subprocess.run(arguments, check=False).returncode  # noqa: S603 - the program found above


if __name__ == "__main__":
    sys.exit(main())
