"""One run of the program for each ``upload_checks`` of a pytest session, at the first of its tests; its verdicts for
the rest.

Always holds: only the checks of selected tests are run; under pytest-xdist one worker runs them and the others read
what it found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from sluicegate.checks.catalogue import CheckingError, all_check_ids, names_check, select_ids
from sluicegate.checks.check_run import CheckedRun, read_check_run
from sluicegate.checks.once import made_once
from sluicegate.checks.run_program import PAGE, RunRequest, run_checks
from sluicegate.checks.serve_app import ServedApp, framework_of, interface_of, load_app, serve_app, server_for
from sluicegate.checks.subject import CheckedSubject, Place, baseline_path, check_arguments
from sluicegate.checks.verdict import Circumstances, Verdict, judge
from sluicegate.program import ProgramMissing

ATTRIBUTE = "_sluicegate_subject"
PARAMETER = "upload_check"

_NO_PRODUCTION_SERVER = (
    "wsgiref answers here, and what a service does on the wire is the business of its own server: "
    "pip install waitress, or check the service where it runs (target=…)"
)


@dataclass(frozen=True)
class _Told:
    """What came of a run: the run, or in one sentence why there is none."""

    run: CheckedRun | None
    problem: str
    about: Circumstances


_TOLD = pytest.StashKey[dict[int, _Told]]()


def subject_of(function: object) -> CheckedSubject | None:
    """The subject of a test function that ``upload_checks`` has made."""
    found = getattr(function, ATTRIBUTE, None)
    return found if isinstance(found, CheckedSubject) else None


def ids_of(subject: CheckedSubject) -> list[str]:
    """One test for each. Raises ``CheckingError``, ``ProgramMissing``."""
    return select_ids(all_check_ids(), only=subject.only, skip=subject.skip)


def verdict_on(request: pytest.FixtureRequest, subject: CheckedSubject, check: str) -> Verdict:
    """Runs the program where this is the first test of the subject."""
    if _is_for_another_server(subject, check):
        return Verdict("skip", f"{check} {_NO_PRODUCTION_SERVER}")
    told = _told_of(request, subject)
    if told.run is None:
        return Verdict("fail", told.problem)
    request.node.user_properties.append(("sluicegate", f"{told.run.sentence} {_figures(told)}"))
    return judge(told.run, check, allows_inconclusive=_allowed(subject), about=told.about)


def _figures(told: _Told) -> str:
    if told.run is None:
        return ""
    return f"{told.run.requests} requests in {told.run.elapsed_seconds:.1f} s; {told.about.report}"


def _allowed(subject: CheckedSubject) -> Callable[[str], bool]:
    allowed = subject.allow_inconclusive
    if isinstance(allowed, bool):
        return lambda check: allowed
    return lambda check: any(names_check(pattern, check) for pattern in allowed)


def _is_for_another_server(subject: CheckedSubject, check: str) -> bool:
    if subject.app is None or not check.startswith("UPL-TR-"):
        return False
    try:
        return server_for(interface_of(load_app(subject.app))) == "wsgiref"
    except CheckingError:
        return False


def _told_of(request: pytest.FixtureRequest, subject: CheckedSubject) -> _Told:
    known = request.config.stash.setdefault(_TOLD, {})
    if id(subject) not in known:
        known[id(subject)] = _tell(request, subject)
    return known[id(subject)]


def _tell(request: pytest.FixtureRequest, subject: CheckedSubject) -> _Told:
    """What fails here fails for all tests of the subject, with the same words, and is not tried again."""
    try:
        text = _shared(request, subject, lambda: _run(request, subject))
        told = json.loads(text)
        about = Circumstances(**told["about"])
        return _Told(read_check_run(told["report"]) if told["report"] else None, told["problem"], about)
    except CheckingError as error:
        return _Told(None, str(error), Circumstances())


def _shared(request: pytest.FixtureRequest, subject: CheckedSubject, make: Callable[[], str]) -> str:
    if not hasattr(request.config, "workerinput"):
        return make()
    # Each worker's own folder is below one that all of this run share.
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    name = hashlib.sha256(_items_of(request, subject)[0].nodeid.encode()).hexdigest()[:16]
    return made_once(factory.getbasetemp().parent / "sluicegate" / f"{name}.json", make)


def _run(request: pytest.FixtureRequest, subject: CheckedSubject) -> str:
    """As JSON, so that other workers can read it. A failure is told, too: they must not try in turn."""
    try:
        with _served(subject) as served:
            place = _place(request, subject, served)
            out = _out_folder(request, subject)
            arguments = [*check_arguments(subject, place, framework=_framework(subject)), *_selection(request, subject)]
            environment = _environment(request, subject)
            text = run_checks(RunRequest(arguments, environment, place.root, out))
        about = _about(subject, served, out)
        return json.dumps({"report": text, "problem": "", "about": about})
    except (CheckingError, ProgramMissing) as error:
        return json.dumps({"report": None, "problem": str(error), "about": {}})


@contextmanager
def _served(subject: CheckedSubject) -> Iterator[ServedApp | None]:
    if subject.app is None:
        yield None
        return
    with serve_app(load_app(subject.app)) as served:
        yield served


def _place(request: pytest.FixtureRequest, subject: CheckedSubject, served: ServedApp | None) -> Place:
    root = request.config.rootpath
    if served is None:
        return Place(_filled(request, subject.target), _filled(request, subject.url), root)
    if subject.url is None:
        return Place(served.origin, None, root)
    return Place(None, f"{served.origin}{subject.url}", root)


def _filled(request: pytest.FixtureRequest, value: Any) -> Any:
    """A function is called with the fixtures that its parameters name."""
    if not callable(value):
        return value
    return value(**{name: request.getfixturevalue(name) for name in signature(value).parameters})


def _framework(subject: CheckedSubject) -> str | None:
    return None if subject.app is None else framework_of(load_app(subject.app))


def _environment(request: pytest.FixtureRequest, subject: CheckedSubject) -> Mapping[str, str]:
    shared: Mapping[str, str] = request.getfixturevalue("upload_checks_environment")
    return {**shared, **_filled(request, subject.environment)}


def _selection(request: pytest.FixtureRequest, subject: CheckedSubject) -> list[str]:
    """``--only`` with the checks whose tests were selected; nothing where that is all of them."""
    config = request.config
    selected = [str(item.callspec.params[PARAMETER]) for item in _items_of(request, subject)]
    wanted = [check for check in selected if not _is_for_another_server(subject, check)]
    only = [] if set(wanted) == set(all_check_ids()) else ["--only", ",".join(dict.fromkeys(wanted))]
    profile = config.getoption("upload_checks_profile") or subject.profile
    baseline = baseline_path(subject, config.getoption("upload_checks_baseline"), config.rootpath)
    return [
        *only,
        *([] if profile is None else ["--profile", profile]),
        *([] if baseline is None else ["--baseline", str(baseline)]),
    ]


def _items_of(request: pytest.FixtureRequest, subject: CheckedSubject) -> list[pytest.Function]:
    return [
        item
        for item in request.session.items
        if isinstance(item, pytest.Function) and subject_of(item.obj) is subject and hasattr(item, "callspec")
    ]


def _out_folder(request: pytest.FixtureRequest, subject: CheckedSubject) -> Path:
    named = request.config.getoption("upload_checks_out")
    test = request.node.originalname
    if named is None:
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        return factory.mktemp(f"sluicegate-{test}", numbered=True)
    return Path(request.config.invocation_params.dir, named, f"{Path(subject.file).stem}-{test}")


def _about(subject: CheckedSubject, served: ServedApp | None, out: Path) -> dict[str, str | None]:
    return {
        "framework": subject.framework,
        # The server of the run has ended with it.
        "replay_target": None if served is None else "URL-OF-THE-SERVICE",
        "served_by": None if served is None else served.server,
        "report": str(out / PAGE),
    }
