"""What a check's result is as a test, and the text that goes with it.

Always holds: a test passes only where something was seen. What could not be told fails; what was not asked is skipped
and says why; what is
known and answered for is an expected failure.

| state                                  | test                                                            |
| -------------------------------------- | --------------------------------------------------------------- |
| pass                                   | passes                                                          |
| warn                                   | passes, with a warning                                          |
| fail, error                            | fails; xfail where the baseline has the same failure            |
| inconclusive, some of its cases told   | passes, with a warning                                          |
| inconclusive, none of its cases told   | fails; skipped where ``allow_inconclusive`` names the check     |
| waived                                 | xfail                                                           |
| not-applicable, manual                 | skipped                                                         |
| no result: the run ended before        | fails                                                           |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sluicegate.checks.check_run import CheckedCase, CheckedResult, CheckedRun

CASES_SHOWN = 3
_ANSWERED = frozenset({"pass", "fail", "warn", "waived"})
_FRAMEWORK_NAMES = {"fastapi": "FastAPI", "django": "Django", "flask": "Flask"}

Outcome = Literal["pass", "warn", "fail", "skip", "xfail"]


@dataclass(frozen=True)
class Verdict:
    """``text`` is empty where a test passes."""

    outcome: Outcome
    text: str = ""


@dataclass(frozen=True)
class Circumstances:
    """What a text says beside the check itself."""

    framework: str | None = None
    """``fastapi``, ``django`` or ``flask``: whose remedy is told; all where it is not known."""
    replay_target: str | None = None
    """What replay is given as ``--target`` where the server of the run is gone."""
    served_by: str | None = None
    """The server that was started for the tests, such as ``waitress 3.0.2``."""
    report: str | None = None
    """Path of the page that shows everything."""


def judge(
    run: CheckedRun,
    check: str,
    *,
    allows_inconclusive: Callable[[str], bool] = lambda check: False,
    about: Circumstances | None = None,
) -> Verdict:
    """The verdict on one check of a run."""
    about = about or Circumstances()
    result = run.results.get(check)
    if result is None:
        return Verdict("fail", f"{check} was not checked. {run.stopped or 'The run does not speak of it.'}")
    if result.state in {"not-applicable", "manual"}:
        who = "a person must look: " if result.state == "manual" else ""
        return Verdict("skip", f"{result.id} {who}{result.sentence}")
    if result.state in {"fail", "error"} or run.takes_everything:
        return _failure(result, run, about)
    if result.state == "inconclusive":
        return _inconclusive(result, run, allowed=allows_inconclusive(check))
    return _answered(result)


def _failure(result: CheckedResult, run: CheckedRun, about: Circumstances) -> Verdict:
    has_failed = result.state in {"fail", "error"}
    said = result.sentence if has_failed else run.stopped
    text = f"{_head(result)}\n{said}\n{explain_failure(result, run, about)}"
    return Verdict("xfail" if has_failed and result.fingerprint in run.known else "fail", text)


def _answered(result: CheckedResult) -> Verdict:
    said = f"{_head(result)}\n{result.sentence}"
    verdicts = {
        "pass": Verdict("pass"),
        "warn": Verdict("warn", said),
        "waived": Verdict("xfail", f"{said}\nWaived: {result.waiver}"),
    }
    unknown = Verdict("fail", f"{said}\nThis package does not know the state {result.state!r}.")
    return verdicts.get(result.state, unknown)


def _head(result: CheckedResult) -> str:
    return f"{result.id}  {result.title}"


def _inconclusive(result: CheckedResult, run: CheckedRun, *, allowed: bool) -> Verdict:
    if any(case.state in _ANSWERED for case in result.cases):
        return Verdict("warn", f"{_head(result)}\nCould be checked in part: {result.sentence}")
    if allowed:
        return Verdict("skip", f"{result.id} could not be checked: {result.sentence}")
    if run.stopped is not None:
        # Each check's own sentence says it already, mostly.
        way_out = "" if run.stopped in result.sentence else run.stopped
        return Verdict("fail", f"{_head(result)}\nCould not be checked: {result.sentence}\n{way_out}".rstrip())
    way_out = (
        "Mostly it is that nobody can look at what was stored: `verify: read-back:` in the flow file says how. "
        f'To live with it: upload_checks(…, allow_inconclusive=["{result.id}"]) skips it.'
    )
    return Verdict("fail", f"{_head(result)}\nCould not be checked: {result.sentence}\n{way_out}")


def explain_failure(result: CheckedResult, run: CheckedRun, about: Circumstances) -> str:
    """Promised and observed of the cases that count, why it matters, what to do, and how to see it again."""
    telling = [case for case in result.cases if case.state in {result.state, "fail", "error"}]
    lines = [line for case in telling[:CASES_SHOWN] for line in _case_lines(case)]
    if len(telling) > CASES_SHOWN:
        lines += ["", f"  and {len(telling) - CASES_SHOWN} more"]
    lines += ["", f"Why it matters: {result.why}", *_remedy_lines(result, about.framework or run.framework)]
    evidence = next((case.evidence for case in telling if case.evidence is not None), None)
    if evidence is not None:
        target = "" if about.replay_target is None else f" --target {about.replay_target}"
        lines.append(f"The same bytes again: sluicegate replay {evidence}{target}")
    if about.served_by is not None and result.id.startswith("UPL-TR-"):
        lines.append(f"It was {about.served_by} that answered; the server that you run in production may differ.")
    if about.report is not None:
        lines.append(f"Everything: {about.report}")
    return "\n".join(lines)


def _case_lines(case: CheckedCase) -> list[str]:
    lines = ["", f"  {case.name}", *(f"    {reason}" for reason in case.reasons)]
    if case.promised is not None:
        lines.append(f"    promised  {case.promised}")
    if case.observed is not None:
        lines.append(f"    observed  {case.observed}")
    return [*lines, *(f"      {line}" for line in case.diff[:12])]


def _remedy_lines(result: CheckedResult, framework: str | None) -> list[str]:
    asked = [framework] if framework in result.remedy else [name for name in _FRAMEWORK_NAMES if name in result.remedy]
    lines = [f"What to do ({_FRAMEWORK_NAMES.get(name or '', name)}): {result.remedy[name or '']}" for name in asked]
    return [*lines, f"With the gate: {result.remedy['gate']}"] if "gate" in result.remedy else lines
