"""Four ways to say who may send: a session for the gate to ask about, tokens, grants, and links to download.

``POST /api/login``               begins a session: a cookie that only this service understands
``POST /api/token``               plays the identity provider: a token for flows with ``caller: jwt``
``POST /api/attachment-grants``   a grant: the permission for one upload straight to the gate
``GET  /api/attachments/{id}``    a link to the gate, for whoever sent that file
``GET  /internal/may-upload``     what the gate asks before it lets a note in
"""

import time
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from sluicegate.downloads import download_url
from sluicegate.grants import mint_grant
from sluicegate.minting import sign_token

from examples.service.parts import people, received, settings

TOKEN_SECONDS = 600

router = APIRouter()


def current_user(request: Request) -> str:
    name = people.who(request)
    if name is None:
        raise HTTPException(401, "Sign in first: POST /api/login with a name.")
    return name


User = Annotated[str, Depends(current_user)]


@router.post("/api/login", status_code=204, summary="Sign in: a name is enough")
def sign_in(request: Request, name: Annotated[str, Form()]) -> Response:
    response = back_to_page(request)
    people.sign_in(name, response)
    return response


@router.post("/api/logout", status_code=204, summary="Sign out")
def sign_out(request: Request) -> Response:
    response = back_to_page(request)
    people.sign_out(request, response)
    return response


@router.post("/api/token", summary="A token that says who sends and what they may, good for ten minutes")
def token(user: User) -> PlainTextResponse:
    now = int(time.time())
    claims = {
        "iss": "example-service",
        "aud": "example-uploads",
        "sub": user,
        "scope": "reports:write",
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    signed = sign_token("JWT", claims, secret=needed(settings.jwt_secret, "JWT_SECRET"), key=None, key_id=None)
    return PlainTextResponse(signed, headers={"Cache-Control": "no-store"})


@router.post("/api/attachment-grants", summary="A permission for one upload straight to the gate")
def attachment_grant(user: User) -> dict[str, str]:
    token = mint_grant(
        gate=settings.issuer,
        secret=needed(settings.grant_secret, "GRANT_SECRET"),
        flow="attachments",
        principal=user,
        max_bytes=2_000_000,
        lifetime=timedelta(minutes=2),
    )
    return {"upload_to": f"{settings.gate_url}/api/attachments", "token": token}


@router.get("/api/attachments/{upload_id}", summary="Download what you attached")
def attachment(upload_id: str, user: User) -> RedirectResponse:
    file = received.find(upload_id)
    if file is None or (file["route"], file["who"]) != ("attachments", user):
        raise HTTPException(404, "You have attached no such file.")
    url = download_url(
        gate=settings.gate_url,
        issuer=settings.issuer,
        secret=needed(settings.grant_secret, "GRANT_SECRET"),
        upload_id=upload_id,
        name=file["name"],
    )
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})


@router.get("/internal/may-upload", include_in_schema=False)
def may_upload(user: User) -> dict[str, str]:
    return {"principal": user}


def needed(secret: str | None, name: str) -> str:
    if secret is None:
        raise HTTPException(503, f"{name} is not set. `npm start` gives it to this service and to the gate.")
    return secret


def back_to_page(request: Request) -> Response:
    """A browser that sent a form goes back to the page; a program has nothing more to know."""
    wants_page = "text/html" in request.headers.get("accept", "")
    return RedirectResponse("/", 303) if wants_page else Response(status_code=204)
