"""Which checks there are, as the program tells, and which of them a pattern names."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache

from sluicegate.program import find_program

_LISTING_SECONDS_MAX = 120


class CheckingError(Exception):
    """The checks could not be run, or nothing can be made of what they say. The message says what to do."""


@cache
def all_check_ids() -> tuple[str, ...]:
    """Ids such as ``UPL-MP-07`` in the catalogue's order; asked once in a process.

    Raises ``CheckingError``, and ``ProgramMissing``.
    """
    command = [*find_program(), "checks", "--json"]
    try:
        told = subprocess.run(  # noqa: S603 - the program found above
            command, capture_output=True, encoding="utf-8", timeout=_LISTING_SECONDS_MAX, check=True
        )
        return tuple(str(check["id"]) for check in json.loads(told.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        stderr = getattr(error, "stderr", None) or ""
        raise CheckingError(f"the list of checks could not be had: {error}\n{stderr}".strip()) from error


def select_ids(ids: Sequence[str], *, only: Iterable[str] = (), skip: Iterable[str] = ()) -> list[str]:
    """The ids that ``only`` names, all where it is empty, without those that ``skip`` names.

    Raises ``CheckingError`` for a pattern that names no check: a mistake that would leave something unchecked.
    """
    wanted, unwanted = list(only), list(skip)
    for pattern in (*wanted, *unwanted):
        if not any(names_check(pattern, check) for check in ids):
            raise CheckingError(f"no check is named by {pattern!r}. Such as: UPL-MP-07, MP-07, MP, UPL-MP-*")
    return [
        check
        for check in ids
        if (not wanted or any(names_check(pattern, check) for pattern in wanted))
        and not any(names_check(pattern, check) for pattern in unwanted)
    ]


def names_check(pattern: str, check: str) -> bool:
    """As the program's ``--only``: ``UPL-MP-07``, ``MP-07``, ``MP`` and ``UPL-MP-*``, in any case of letters."""
    whole = pattern if pattern.upper().startswith("UPL-") else f"UPL-{pattern}"
    if re.fullmatch(r"UPL-[A-Z]+", whole, re.IGNORECASE):
        whole += "-*"
    expression = ".*".join(map(re.escape, whole.split("*")))
    return re.fullmatch(expression, check, re.IGNORECASE) is not None
