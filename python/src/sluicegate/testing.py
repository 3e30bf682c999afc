"""The checks of an upload route as tests of pytest.

    from sluicegate.testing import upload_checks
    from myservice.app import app

    test_avatars = upload_checks("avatars", app=app, flows="flows")

One test for each check of the catalogue: ``test_avatars[UPL-MP-07]``. All of them come from one run of ``sluicegate
check``, which the first of
them starts; ``-k UPL-MP`` runs those checks alone. What is a failure and what is not: ``sluicegate.checks.verdict``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["UploadCheckWarning", "upload_checks"]


class UploadCheckWarning(UserWarning):
    """A check found what nobody has promised to prevent and is not good all the same, or could be made in part only."""


def upload_checks(  # noqa: PLR0913 - as many as there are ways to name a route; all but the first by name
    flow: str | None = None,
    *,
    app: object = None,
    target: str | Callable[..., str] | None = None,
    flows: str | os.PathLike[str] | None = None,
    settings: str | os.PathLike[str] | None = None,
    url: str | Callable[..., str] | None = None,
    field: str | None = None,
    sample: str | os.PathLike[str] | None = None,
    method: str | None = None,
    raw: bool = False,
    max_size: str | None = None,
    types: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    profile: str | None = None,
    only: str | Sequence[str] = (),
    skip: str | Sequence[str] = (),
    max_requests: int | None = None,
    max_time: str | None = None,
    baseline: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] | Callable[..., Mapping[str, str]] | None = None,
    allow_inconclusive: bool | Sequence[str] = False,
    framework: str | None = None,
    options: Sequence[str] = (),
) -> Callable[..., None]:
    """Makes a test function; give it a name that begins with ``test_``, at the top level of a module.

    What is checked, one of the two:

    ``flow``                a flow by name; ``flows`` its folder (default: that of the settings, or ``flows``),
                            ``settings`` a ``sluicegate.yaml``
    ``url``                 a route that no flow describes: with ``field`` and ``sample``, and as in the program
                            ``method``, ``raw``, ``max_size``,
                            ``types``, ``headers``, ``texts``. A path such as ``/upload`` where there is an ``app``

    Where it runs, one of the two:

    ``app``                 an ASGI or WSGI app, or ``module:name``: served by uvicorn or waitress in this process
                            while the checks run
    ``target``              the origin of a server that runs: a text, or a function whose parameters are fixtures, as
                            ``lambda live_server: live_server.url`` (``url`` may be one, too)

    And beside that:

    ``profile``             ``ci`` (default), ``staging`` or ``prod-safe``; ``max_requests`` ``max_time`` bound it
    ``only``, ``skip``      which checks become tests: ``UPL-MP-07``, ``MP-07``, ``MP``, ``UPL-MP-*``
    ``baseline``            ``report.json`` of an earlier run that is kept: failures that were there then are expected
    ``environment``         variables for the program, such as credentials that the flow names: a mapping, or a
                            function as for ``target``
    ``allow_inconclusive``  a check that could not tell anything fails; ``True``, or patterns of checks, make it a
                            skipped test
    ``framework``           whose words remedies are told in, where it cannot be seen: ``fastapi``, ``django``,
                            ``flask``
    ``options``             further arguments for ``sluicegate check``, such as ``["--insecure"]``

    Raises ``CheckingError`` for what does not go together.
    """
    from sluicegate.checks.session import ATTRIBUTE  # noqa: PLC0415
    from sluicegate.checks.subject import CheckedSubject  # noqa: PLC0415

    caller = sys._getframe(1)
    subject = CheckedSubject(
        flow=flow,
        app=app,
        target=target,
        flows=flows,
        settings=settings,
        url=url,
        field=field,
        sample=sample,
        method=method,
        raw=raw,
        max_size=max_size,
        types=types,
        headers=headers or {},
        texts=texts or {},
        profile=profile,
        only=_patterns(only),
        skip=_patterns(skip),
        max_requests=max_requests,
        max_time=max_time,
        baseline=baseline,
        environment=environment or {},
        allow_inconclusive=allow_inconclusive,
        framework=framework,
        options=options,
        file=caller.f_code.co_filename,
    )
    # pytest tells where a test is by its code: it is where this function was called.
    code = _test.__code__.replace(co_filename=caller.f_code.co_filename, co_firstlineno=caller.f_lineno)
    test = FunctionType(code, globals(), flow or "upload_checks", _test.__defaults__, _test.__closure__)
    setattr(test, ATTRIBUTE, subject)
    return test


def _patterns(written: str | Sequence[str]) -> Sequence[str]:
    return [word.strip() for word in written.split(",")] if isinstance(written, str) else written


def _test(request: Any, upload_check: str) -> None:
    _settle(request, upload_check)


def _settle(request: pytest.FixtureRequest, check: str) -> None:
    # Where a test was skipped is told by the innermost line that is not hidden: the user's.
    __tracebackhide__ = True
    import pytest  # noqa: PLC0415

    from sluicegate.checks.session import subject_of, verdict_on  # noqa: PLC0415

    subject = subject_of(request.function)
    assert subject is not None  # noqa: S101 - made above
    verdict = verdict_on(request, subject, check)
    if verdict.outcome == "fail":
        pytest.fail(verdict.text, pytrace=False)
    if verdict.outcome == "skip":
        pytest.skip(verdict.text)
    if verdict.outcome == "xfail":
        pytest.xfail(verdict.text)
    if verdict.outcome == "warn":
        request.node.warn(UploadCheckWarning(verdict.text))
