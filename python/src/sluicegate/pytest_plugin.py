"""The pytest plugin: tests that ``sluicegate.testing.upload_checks`` has made are parametrised with the checks of the
catalogue.

Loaded in every run of pytest where the package is installed: nothing of it is imported, and nothing started, before
there is such a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_ATTRIBUTE = "_sluicegate_subject"
_PROFILES = ("ci", "staging", "prod-safe")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("upload checks (sluicegate)")
    group.addoption(
        "--upload-checks-profile",
        choices=_PROFILES,
        help="what may be sent: ci, staging (load, too) or prod-safe (at most 10 requests), whatever the tests say",
    )
    group.addoption(
        "--upload-checks-baseline",
        metavar="FILE",
        help="report.json of an earlier run: what failed then, too, is expected to fail",
    )
    group.addoption(
        "--upload-checks-out",
        metavar="FOLDER",
        help="where report.json and report.html of each run go (default: pytest's temporary folder)",
    )


@pytest.fixture(scope="session")
def upload_checks_environment() -> Mapping[str, str]:
    """Variables for the program of every ``upload_checks``, such as credentials that a flow's ``verify:`` names. To
    be overridden."""
    return {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not hasattr(metafunc.function, _ATTRIBUTE):
        return
    from sluicegate.checks.catalogue import CheckingError  # noqa: PLC0415
    from sluicegate.checks.session import PARAMETER, ids_of, subject_of  # noqa: PLC0415
    from sluicegate.program import ProgramMissing  # noqa: PLC0415

    subject = subject_of(metafunc.function)
    if subject is None or metafunc.cls is not None:
        pytest.fail(
            "upload_checks(…) belongs at the top level of a module, as `test_name = upload_checks(…)`", pytrace=False
        )
    try:
        ids = ids_of(subject)
    except (CheckingError, ProgramMissing) as error:
        pytest.fail(f"{metafunc.function.__name__}: {error}", pytrace=False)
    metafunc.parametrize(PARAMETER, ids, ids=ids)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    told = {
        str(value): None
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "sluicegate"
    }
    if told:
        terminalreporter.section("upload checks")
        for line in told:
            terminalreporter.line(line)
