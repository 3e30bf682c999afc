"""Does a request's path belong to the route that a receipt was made for?

The route is a template as in OpenAPI: each ``{...}`` stands for one segment that is not empty. The names in braces do
not matter, so a flow file and a service may name a parameter differently.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes


def path_matches(template: str, raw_path: str) -> bool:
    """``raw_path`` as it was on the wire, without query: an encoded slash is no separator. Case matters."""
    expected = template.split("/")
    segments = raw_path.split("/")
    return len(expected) == len(segments) and all(map(_segment_matches, expected, segments))


def same_path(target: str, raw_path: str) -> bool:
    """Whether two paths are one, however their characters are encoded; an encoded slash is no separator."""
    return [unquote_to_bytes(segment) for segment in target.split("/")] == [
        unquote_to_bytes(segment) for segment in raw_path.split("/")
    ]


def _segment_matches(expected: str, segment: str) -> bool:
    if expected.startswith("{") and expected.endswith("}"):
        return segment != ""
    return unquote_to_bytes(expected) == unquote_to_bytes(segment)
