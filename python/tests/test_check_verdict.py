from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.checks.catalogue import CheckingError, names_check, select_ids
from sluicegate.checks.check_run import CheckedCase, CheckedResult, CheckedRun, read_check_run
from sluicegate.checks.serve_app import framework_of, interface_of, load_app
from sluicegate.checks.verdict import Circumstances, judge

CHECK = "UPL-MP-07"


def case(state: str, name: str = "two names") -> CheckedCase:
    return CheckedCase(
        name, state, ("it was taken",), "refused with 400", "201 Created", ("- a", "+ b"), "RUN/UPL-MP-07/1"
    )


def run_with(state: str, *cases: CheckedCase, **changes: Any) -> CheckedRun:
    remedy = {"fastapi": "Do this.", "django": "Do that.", "flask": "Do it.", "gate": "Nothing to write."}
    result = CheckedResult(
        CHECK,
        "A second name",
        "Two parsers, two names.",
        state,
        "It is so.",
        cases or (case(state),),
        remedy,
        None,
        "f1",
    )
    run = CheckedRun("RUN", "avatars …", None, 5, 1.5, None, False, {CHECK: result}, frozenset())
    return replace(run, **changes)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("pass", "pass"),
        ("warn", "warn"),
        ("fail", "fail"),
        ("error", "fail"),
        ("inconclusive", "fail"),
        ("waived", "xfail"),
        ("not-applicable", "skip"),
        ("manual", "skip"),
        ("something-new", "fail"),
    ],
)
def test_each_state_has_its_outcome(state: str, outcome: str) -> None:
    assert judge(run_with(state), CHECK).outcome == outcome


def test_a_check_that_could_be_made_in_part_passes_with_a_warning() -> None:
    verdict = judge(run_with("inconclusive", case("pass"), case("inconclusive")), CHECK)
    assert verdict.outcome == "warn"
    assert "Could be checked in part: It is so." in verdict.text


def test_what_could_not_be_told_is_skipped_only_where_somebody_said_so() -> None:
    verdict = judge(run_with("inconclusive"), CHECK, allows_inconclusive=lambda check: check == CHECK)
    assert verdict.outcome == "skip"
    assert "allow_inconclusive" in judge(run_with("inconclusive"), CHECK).text


def test_a_run_that_ended_before_fails_with_its_reason() -> None:
    run = run_with("pass", results={}, stopped="The target does not answer any more.")
    assert judge(run, CHECK).text == "UPL-MP-07 was not checked. The target does not answer any more."
    stopped = judge(run_with("inconclusive", stopped="It was interrupted."), CHECK)
    assert stopped.outcome == "fail"
    assert "It was interrupted." in stopped.text


@pytest.mark.parametrize("state", ["pass", "warn", "waived", "inconclusive"])
def test_of_a_target_that_takes_everything_no_check_passes(state: str) -> None:
    verdict = judge(
        run_with(state, takes_everything=True, stopped="It took everything.", known=frozenset({"f1"})), CHECK
    )
    assert verdict.outcome == "fail"
    assert "It took everything." in verdict.text


def test_a_failure_that_the_baseline_has_is_expected() -> None:
    assert judge(run_with("fail", known=frozenset({"f1"})), CHECK).outcome == "xfail"
    assert judge(run_with("fail", known=frozenset({"f2"})), CHECK).outcome == "fail"


def test_the_text_of_a_failure_says_what_why_and_what_to_do() -> None:
    cases = [case("pass", "fine"), *(case("fail", f"case {number}") for number in range(5))]
    about = Circumstances(framework="django", replay_target="URL", report="report.html")
    assert judge(run_with("fail", *cases), CHECK, about=about).text == "\n".join(
        [
            "UPL-MP-07  A second name",
            "It is so.",
            *(
                line
                for number in range(3)
                for line in (
                    "",
                    f"  case {number}",
                    "    it was taken",
                    "    promised  refused with 400",
                    "    observed  201 Created",
                    "      - a",
                    "      + b",
                )
            ),
            "",
            "  and 2 more",
            "",
            "Why it matters: Two parsers, two names.",
            "What to do (Django): Do that.",
            "With the gate: Nothing to write.",
            "The same bytes again: sluicegate replay RUN/UPL-MP-07/1 --target URL",
            "Everything: report.html",
        ]
    )


def test_of_what_the_server_decides_it_is_said_which_server_it_was() -> None:
    run = run_with("fail")
    about = Circumstances(served_by="waitress 3.0.2")
    assert "waitress" not in judge(run, CHECK, about=about).text
    wire = replace(run, results={"UPL-TR-07": replace(run.results[CHECK], id="UPL-TR-07")})
    assert "It was waitress 3.0.2 that answered" in judge(wire, "UPL-TR-07", about=about).text


def test_where_the_framework_is_not_known_every_remedy_is_told() -> None:
    text = judge(run_with("fail"), CHECK).text
    assert "(FastAPI): Do this.\nWhat to do (Django): Do that.\nWhat to do (Flask): Do it." in text


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "sluicegate-check-run/1"}', '{"schema": "sluicegate-check-run/2"}']
)
def test_what_is_no_run_of_this_form_is_refused(text: str) -> None:
    with pytest.raises(CheckingError):
        read_check_run(text)


def test_unknown_members_are_passed_over() -> None:
    told = {
        "schema": "sluicegate-check-run/1",
        "id": "RUN",
        "sentence": "avatars keeps its promise.",
        "target": {"framework": "flask", "new": 1},
        "cost": {"requests": 1},
        "elapsedMs": 1500,
        "stopped": {"kind": "takes-everything", "sentence": "It took everything."},
        "baseline": {"unchanged": ["f1"]},
        "results": [],
        "new": 1,
    }
    run = read_check_run(json.dumps(told))
    assert (run.framework, run.elapsed_seconds, run.takes_everything) == ("flask", 1.5, True)
    assert run.known == {"f1"}


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("UPL-MP-07", True),
        ("mp-07", True),
        ("MP", True),
        ("UPL-MP-*", True),
        ("*", True),
        ("MP-0", False),
        ("M", False),
        ("TR", False),
        ("MP.07", False),
    ],
)
def test_patterns_name_checks_as_in_the_program(pattern: str, named: bool) -> None:
    assert names_check(pattern, CHECK) is named


def test_only_and_skip_select() -> None:
    ids = ["UPL-MP-07", "UPL-MP-08", "UPL-TR-01"]
    assert select_ids(ids) == ids
    assert select_ids(ids, only=["MP"], skip=["MP-08"]) == ["UPL-MP-07"]
    with pytest.raises(CheckingError, match="no check is named by 'MP-99'"):
        select_ids(ids, skip=["MP-99"])


class _Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> Any: ...


class _Asgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


async def _asgi(scope: Any, receive: Any, send: Any) -> None: ...


def _wrapped_asgi(scope: Any, receive: Any, send: Any) -> Any:
    return _asgi(scope, receive, send)


def test_asgi_and_wsgi_are_told_apart() -> None:
    from fastapi import FastAPI
    from flask import Flask

    assert [interface_of(app) for app in (_Asgi(), _asgi, _wrapped_asgi, FastAPI())] == ["asgi"] * 4
    assert [interface_of(app) for app in (_Wsgi(), Flask("app"), Flask("app").wsgi_app)] == ["wsgi"] * 3
    with pytest.raises(CheckingError, match="neither an ASGI nor a WSGI app"):
        interface_of(object())
    assert [framework_of(app) for app in (FastAPI(), Flask("app"), _Asgi())] == ["fastapi", "flask", None]


def test_an_app_may_be_named() -> None:
    assert load_app("tests.test_check_verdict:_asgi").__name__ == "_asgi"  # type: ignore[attr-defined]
    for name in ("tests.test_check_verdict", "tests.nowhere:app", "tests.test_check_verdict:nothing"):
        with pytest.raises(CheckingError):
            load_app(name)
