"""One run of ``sluicegate check``: the program is started, and its report read when it has ended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sluicegate.checks.catalogue import CheckingError
from sluicegate.program import find_program

RUN_SECONDS_MAX = 1800
STOP_SECONDS_MAX = 30
REPORT = "report.json"
PAGE = "report.html"
FORMATS = "json,html"
_SHOWN_CHARS = 4000


@dataclass(frozen=True)
class RunRequest:
    """What is run and where its reports go. The program keeps the evidence of the run in ``.sluicegate`` below
    ``folder``."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    out: Path


def run_checks(request: RunRequest) -> str:
    """The text of ``report.json``, which is also in ``out`` with the page for a browser.

    Raises ``CheckingError`` where there was no run: wrong usage, or refused for safety; and ``ProgramMissing``.
    """
    out = request.out.resolve()
    command = [*find_program(), "check", *request.arguments, "--report", FORMATS, "--out", str(out)]
    report = out / REPORT
    report.unlink(missing_ok=True)
    ended = _run_to_its_end(command, request)
    if not report.is_file():
        raise CheckingError(_why_no_report(ended))
    return report.read_text(encoding="utf-8")


def _run_to_its_end(command: Sequence[str], request: RunRequest) -> subprocess.CompletedProcess[str]:
    """Whoever interrupts the tests ends the program, too; it is given the time to remove what it has stored."""
    process = subprocess.Popen(  # noqa: S603 - the program found above
        command,
        cwd=request.folder,
        env={**os.environ, **request.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    try:
        stdout, stderr = process.communicate(timeout=RUN_SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        _stop(process)
        raise CheckingError(f"sluicegate check was still running after {RUN_SECONDS_MAX} s, and was stopped") from error
    except BaseException:
        _stop(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS_MAX)
    except BaseException as error:
        # Interrupted a second time, or too slow.
        process.kill()
        process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise


def _why_no_report(ended: subprocess.CompletedProcess[str]) -> str:
    # Progress is told on the same stream: the reason is in its last lines.
    told = (ended.stderr.strip() or ended.stdout.strip())[-_SHOWN_CHARS:]
    how = "refused for safety" if ended.returncode == 4 else f"ended with exit code {ended.returncode} and no report"
    return f"sluicegate check {how}:\n{told}"
