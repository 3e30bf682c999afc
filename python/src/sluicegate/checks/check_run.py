"""A run of checks as the program has told it: the members of ``contract/check-run.schema.json`` that a test needs.

Unknown members are passed over: a newer program may say more. Another ``schema`` is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluicegate.checks.catalogue import CheckingError

SCHEMA = "sluicegate-check-run/1"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class CheckedCase:
    """One upload that was sent with something wrong in it, and what came of it."""

    name: str
    state: str
    reasons: tuple[str, ...]
    promised: str | None
    observed: str | None
    diff: tuple[str, ...]
    evidence: str | None
    """For ``sluicegate replay``."""


@dataclass(frozen=True)
class CheckedResult:
    """What came of one check. ``state``: pass, fail, warn, inconclusive, not-applicable, manual, waived or error."""

    id: str
    title: str
    why: str
    state: str
    sentence: str
    cases: tuple[CheckedCase, ...]
    remedy: Mapping[str, str]
    """By framework, and ``gate``; empty where there is none."""
    waiver: str | None
    fingerprint: str


@dataclass(frozen=True)
class CheckedRun:
    """A whole run. ``stopped`` says why it ended before its plan did; ``None`` where it did not."""

    id: str
    sentence: str
    framework: str | None
    requests: int
    elapsed_seconds: float
    stopped: str | None
    takes_everything: bool
    """It was stopped because every hostile upload was taken: no state of a check speaks for the target then."""
    results: Mapping[str, CheckedResult]
    known: frozenset[str]
    """Fingerprints of what failed in the baseline, too."""


def read_check_run(text: str) -> CheckedRun:
    """From the text of a ``report.json``. Raises ``CheckingError``."""
    try:
        told: Json = json.loads(text)
        schema = told["schema"]
        if schema != SCHEMA:
            raise CheckingError(f"the program tells its runs as {schema!r}; this package reads {SCHEMA!r}")
        return _run(told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckingError(f"what the program has written is no run of checks: {error!r}") from error


def _run(told: Json) -> CheckedRun:
    stopped, baseline = told["stopped"], told["baseline"]
    return CheckedRun(
        id=told["id"],
        sentence=told["sentence"],
        framework=told["target"]["framework"],
        requests=told["cost"]["requests"],
        elapsed_seconds=told["elapsedMs"] / 1000,
        stopped=None if stopped is None else stopped["sentence"],
        takes_everything=stopped is not None and stopped["kind"] == "takes-everything",
        results={result["id"]: _result(result) for result in told["results"]},
        known=frozenset() if baseline is None else frozenset(baseline["unchanged"]),
    )


def _result(told: Json) -> CheckedResult:
    waiver = told["waiver"]
    return CheckedResult(
        id=told["id"],
        title=told["title"],
        why=told["why"],
        state=told["state"],
        sentence=told["sentence"],
        cases=tuple(map(_case, told["cases"])),
        remedy=told["remedy"] or {},
        waiver=None if waiver is None else f"{waiver['reason']} ({waiver['owner']}, until {waiver['until']})",
        fingerprint=told["fingerprint"],
    )


def _case(told: Json) -> CheckedCase:
    return CheckedCase(
        name=told["name"],
        state=told["state"],
        reasons=tuple(told["reasons"]),
        promised=told["promised"],
        observed=told["observed"],
        diff=tuple(told["diff"]),
        evidence=told["evidence"],
    )
