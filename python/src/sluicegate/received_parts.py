"""From the parts of a request to verified files, for frameworks whose request is at hand and not a parameter: Django
and Flask.

In: what the framework says of a request. Out: an ``UploadedFile`` for each receipt, or ``ReceiptError``. A receipt is
taken when it is asked
for, once: asking again gives the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from sluicegate.errors import ReceiptError
from sluicegate.gate import Gate
from sluicegate.jws import TOKEN_CHARS_MAX
from sluicegate.receipt_answers import is_receipt_media_type, not_a_receipt, second_file, token_of
from sluicegate.uploaded_file import UploadedFile


@dataclass(frozen=True)
class ReceivedParts:
    """One request. Not for several threads at once.

    ``texts`` and ``files``  the parts of a form by the name of their field, without and with a file name
    ``read_body``            at most so many bytes of the body
    """

    gate: Gate
    method: str
    raw_path: str
    content_type: str
    texts: Callable[[str], Sequence[str]]
    files: Callable[[str], Sequence[Any]]
    read_body: Callable[[int], bytes]
    _taken: dict[tuple[str | None, int], UploadedFile] = field(default_factory=dict)

    def one(self, name: str) -> UploadedFile:
        """The file in a field that must be there exactly once."""
        found = self.optional(name)
        if found is None:
            raise ReceiptError("RECEIPT_MISSING", f"A file is missing in {name!r}.")
        return found

    def optional(self, name: str) -> UploadedFile | None:
        """As ``one``; ``None`` where the field is not in the form."""
        parts = self._parts(name)
        if len(parts) > 1:
            raise second_file(name)
        return self._accept(parts[0], name, 0) if parts else None

    def one_or_plain(self, name: str) -> Any:
        """As ``one``, and the framework's own file where the client's own bytes come: nobody has verified those."""
        files = self.files(name)
        return files[0] if len(self._parts(name)) == 1 and files else self.one(name)

    def many(self, name: str) -> list[UploadedFile]:
        """All files in a field, in the client's order; at least one."""
        parts = self._parts(name)
        if not parts:
            raise ReceiptError("RECEIPT_MISSING", f"A file is missing in {name!r}.")
        return [self._accept(part, name, place) for place, part in enumerate(parts)]

    def body(self, name: str | None = None) -> UploadedFile:
        """The file of a request whose whole body is the file; ``name`` is that of the flow file, not compared where
        not given."""
        if (name, 0) in self._taken:
            return self._taken[name, 0]
        if not is_receipt_media_type(self.content_type):
            raise not_a_receipt()
        body = self.read_body(TOKEN_CHARS_MAX + 1)
        if len(body) > TOKEN_CHARS_MAX:
            raise not_a_receipt()
        return self._accept(body.decode("latin-1").strip(), name, 0)

    def _parts(self, name: str) -> list[object]:
        return [*self.texts(name), *self.files(name)]

    def _accept(self, part: object, name: str | None, place: int) -> UploadedFile:
        # By place and not by token: the same receipt twice in one form is used twice.
        if (name, place) not in self._taken:
            token = token_of(part)
            self._taken[name, place] = self.gate.accept(token, method=self.method, raw_path=self.raw_path, field=name)
        return self._taken[name, place]


def raw_path_of(environ: Mapping[str, Any]) -> str:
    """The path of a WSGI request as it was on the wire, without query.

    Gunicorn tells it as ``RAW_URI``, waitress, uWSGI and others as ``REQUEST_URI``. A server that does not tell gives
    the decoded path, good for
    all but encoded slashes.
    """
    told = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not told:
        decoded = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
        return quote(decoded.encode("latin-1"))
    path = str(told)
    if not path.startswith("/"):
        # RFC 9112 section 3.2.2: the absolute form, as a proxy gets it.
        path = urlsplit(path).path or "/"
    return path.partition("?")[0]
