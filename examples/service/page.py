"""The page at ``/``: three forms, and what the service got. Works without scripts; with them, answers show in place."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_TEMPLATE = (FOLDER / "page.html").read_text("utf-8")
_ROWS = "<!-- rows -->"
_NOTHING_YET = '<tr><td colspan="6" class="none">Nothing yet. Send a file above.</td></tr>'


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def render_page(rows: list[dict[str, Any]]) -> str:
    """The whole page. Everything that a client chose is escaped."""
    return _TEMPLATE.replace(_ROWS, "\n".join(map(_row, rows)) or _NOTHING_YET)


def _row(row: dict[str, Any]) -> str:
    cells = (
        f"<td>{escape(row['route'])}</td>",
        f"<td class=name>{escape(row['name'])}{_caption(row['caption'])}</td>",
        f"<td class=type>{escape(row['type'])}</td>",
        f'<td class=number title="{row["size"]:,} bytes">{_size(row["size"])}</td>',
        f'<td><code title="{row["sha256"]}">{row["sha256"][:12]}…</code></td>',
        f'<td><time datetime="{row["at"]}">{row["at"][11:19]}</time></td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


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
