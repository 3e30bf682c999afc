"""Who is signed in: session cookies, kept in memory until the service stops.

There are no passwords: whoever gives a name is taken at their word. Everything else is as a service has it.
"""

from __future__ import annotations

import re
import secrets

from fastapi import HTTPException, Request, Response

COOKIE = "session"

_NAME = re.compile(r"\w[\w.-]{0,39}")
_SESSIONS_MAX = 1000


class People:
    """Sessions by their secret; at most a thousand, the oldest end first."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def sign_in(self, name: str, response: Response) -> None:
        """Begins a session. Raises 422 for what is no name."""
        if not _NAME.fullmatch(name):
            raise HTTPException(422, "A name is one word of up to 40 letters and digits.")
        session = secrets.token_urlsafe(24)
        self._names[session] = name
        if len(self._names) > _SESSIONS_MAX:
            del self._names[next(iter(self._names))]
        response.set_cookie(COOKIE, session, httponly=True, samesite="lax")

    def sign_out(self, request: Request, response: Response) -> None:
        self._names.pop(request.cookies.get(COOKIE, ""), None)
        response.delete_cookie(COOKIE)

    def who(self, request: Request) -> str | None:
        """The name of whoever sends a request; ``None`` for somebody who is not signed in."""
        return self._names.get(request.cookies.get(COOKIE, ""))
