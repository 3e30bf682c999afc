"""The page at ``/``: a form for each flow, and what the service got. With scripts, answers show in place."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_TEMPLATE = (FOLDER / "page.html").read_text("utf-8")
_ROWS = "<!-- rows -->"
_WHO = "<!-- who -->"
_NOTHING_YET = '<tr><td colspan="7" class="none">Nothing yet. Send a file above.</td></tr>'
_SIGN_IN = """<form class="who" method="post" action="/api/login">
    <label for="name">Sign in as</label>
    <input id="name" type="text" name="name" value="ada" pattern="[\\p{L}\\p{N}_.\\-]{1,40}" required>
    <button type="submit">Sign in</button>
    <small>Without a password: this is an example.</small>
  </form>"""
_SIGNED_IN = """<form class="who" method="post" action="/api/logout">
    <span>Signed in as <strong>%s</strong></span>
    <button type="submit">Sign out</button>
  </form>"""


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def render_page(rows: list[dict[str, Any]], who: str | None) -> str:
    """The whole page, for whoever is signed in. Everything that a client chose is escaped."""
    signed_in = _SIGN_IN if who is None else _SIGNED_IN % escape(who)
    shown = "\n".join(_row(row, who) for row in rows) or _NOTHING_YET
    # The rows last: what is in them is not looked at again.
    return _TEMPLATE.replace(_WHO, signed_in).replace(_ROWS, shown)


def _row(row: dict[str, Any], who: str | None) -> str:
    cells = (
        f"<td>{escape(row['route'])}</td>",
        f"<td class=name>{escape(row['who'])}</td>",
        f"<td class=name>{_name(row, who)}{_caption(row['caption'])}</td>",
        f"<td class=type>{escape(row['type'])}</td>",
        f'<td class=number title="{row["size"]:,} bytes">{_size(row["size"])}</td>',
        f'<td><code title="{row["sha256"]}">{row["sha256"][:12]}…</code></td>',
        f'<td><time datetime="{row["at"]}">{row["at"][11:19]}</time></td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _name(row: dict[str, Any], who: str | None) -> str:
    """A link for whoever attached the file; the gate hands it out."""
    name = escape(row["name"])
    if row["route"] != "attachments" or row["uploadId"] is None or row["who"] != who:
        return name
    return f'<a href="/api/attachments/{escape(row["uploadId"])}">{name}</a>'


def _caption(caption: str | None) -> str:
    return f"<br><small>{escape(caption)}</small>" if caption else ""


def _size(size: int) -> str:
    if size < 1024:
        return f"{size} B"
    value, unit = size / 1024, "KiB"
    for larger in ("MiB", "GiB"):
        if value >= 1024:
            value, unit = value / 1024, larger
    return f"{value:.1f} {unit}"
