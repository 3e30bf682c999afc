"""What ``upload_checks`` was told, and the command line that it comes to.

Paths are those of pytest's root folder, or of the test file's own where they are not there.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sluicegate.checks.catalogue import CheckingError

Text = str | Callable[..., str]
"""A text, or a function that returns it: its parameters are fixtures."""

Environment = Mapping[str, str] | Callable[..., Mapping[str, str]]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class CheckedSubject:
    """One call of ``upload_checks``; its parameters are explained there."""

    flow: str | None = None
    app: object = None
    target: Text | None = None
    flows: str | os.PathLike[str] | None = None
    settings: str | os.PathLike[str] | None = None
    url: Text | None = None
    field: str | None = None
    sample: str | os.PathLike[str] | None = None
    method: str | None = None
    raw: bool = False
    max_size: str | None = None
    types: Sequence[str] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    texts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    profile: str | None = None
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    max_requests: int | None = None
    max_time: str | None = None
    baseline: str | os.PathLike[str] | None = None
    environment: Environment = dataclasses.field(default_factory=dict)
    allow_inconclusive: bool | Sequence[str] = False
    framework: str | None = None
    options: Sequence[str] = ()
    file: str = ""
    """The test file."""

    def __post_init__(self) -> None:
        if (self.flow is None) == (self.url is None):
            raise CheckingError(
                "say what to check: upload_checks('FLOW', …) or upload_checks(url=…, field=…, sample=…)"
            )
        if self.app is not None and self.target is not None:
            raise CheckingError("app= is served by the test itself, target= runs already: give one of them")
        if self.url is not None and self.sample is None:
            raise CheckingError("url= needs sample=: a file that the route must take")
        is_path = isinstance(self.url, str) and self.url.startswith("/")
        if self.url is not None and is_path != (self.app is not None):
            raise CheckingError("url= is a whole address, and with app= a path such as /upload")
        if self.baseline == "last":
            raise CheckingError(
                "baseline='last' would take every failure for known the second time: "
                "name the report.json of a run that you keep"
            )


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a subject is, once a server runs and fixtures have spoken."""

    target: str | None
    """Origin of the server; ``None`` where the settings say it."""
    url: str | None
    root: Path


def check_arguments(subject: CheckedSubject, place: Place, *, framework: str | None) -> list[str]:
    """The arguments after ``sluicegate check``, without profile, selection and reports. Raises ``CheckingError``."""
    arguments = [] if subject.flow is None else [subject.flow]
    named: dict[str, object] = {
        "flows": _path(subject, subject.flows, place.root),
        "settings": _path(subject, subject.settings, place.root),
        "target": place.target,
        "url": place.url,
        "field": subject.field,
        "sample": _path(subject, subject.sample, place.root),
        "method": subject.method,
        "max-size": subject.max_size,
        "types": ",".join(subject.types) or None,
        "max-requests": subject.max_requests,
        "max-time": subject.max_time,
        "framework": subject.framework or framework,
    }
    for name, value in named.items():
        if value is not None:
            arguments += [f"--{name}", str(value)]
    for name, text in subject.headers.items():
        arguments += ["--header", f"{name}: {text}"]
    for name, text in subject.texts.items():
        arguments += ["--text", f"{name}={text}"]
    return [*arguments, *(["--raw"] if subject.raw else []), *subject.options]


def _path(subject: CheckedSubject, named: str | os.PathLike[str] | None, root: Path) -> Path | None:
    if named is None:
        return None
    places = [root / named, Path(subject.file).parent / named]
    for place in places:
        if place.exists():
            return place.resolve()
    raise CheckingError(f"there is no {os.fspath(named)}: neither {places[0]} nor {places[1]}")


def baseline_path(subject: CheckedSubject, named: Any, root: Path) -> Path | None:
    """The baseline of the subject, or the one that the command line names."""
    return _path(subject, subject.baseline if subject.baseline is not None else named, root)
