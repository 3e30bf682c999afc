"""The pytest plugin as a user has it: pytest as a process of its own, the program, and real servers."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sluicegate.checks.catalogue import CheckingError
from sluicegate.testing import upload_checks

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

FASTAPI = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, UploadFile
from sluicegate.testing import upload_checks

@asynccontextmanager
async def lifespan(app):
    app.state.ready = True
    yield
    open("stopped", "w").close()

app = FastAPI(lifespan=lifespan)

@app.post("/upload", status_code=201)
async def upload(file: UploadFile):
    assert app.state.ready
    return {"size": len(await file.read())}
"""

FLASK = """
from flask import Flask, request
from sluicegate.testing import upload_checks

app = Flask(__name__)

@app.post("/upload")
def upload():
    return {"size": len(request.files["file"].read())}, 201
"""

SUBJECT = 'url="/upload", field="file", sample="photo.png", types=["image/png"]'


def hidden(package: str) -> str:
    """As if the package were not installed."""
    return (
        "import importlib.util as u\nfind = u.find_spec\n"
        f"u.find_spec = lambda name, *more: None if name == {package!r} else find(name, *more)\n"
    )


@dataclass(frozen=True)
class Ended:
    """What pytest has said. ``outcomes``: by name of the test."""

    code: int
    text: str
    outcomes: dict[str, str]


@dataclass(frozen=True)
class Project:
    folder: Path

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def pytest(self, *arguments: str, **environment: str) -> Ended:
        """Warnings are errors, but for the plugin's own: nothing may leak from the servers that it starts."""
        strict = ["-W", "error", "-W", "default:UPL-"]
        # Werkzeug leaves the files of a form open that breaks off.
        strict += ["-W", "ignore:Unclosed file <tempfile:ResourceWarning"]
        command = [sys.executable, "-m", "pytest", "--junitxml=junit.xml", "-rA", "-p", "no:cacheprovider", *strict]
        ended = subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout + ended.stderr, _outcomes(self.folder / "junit.xml"))


def _outcomes(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    cases = ET.parse(file).getroot().iter("testcase")
    return {
        str(case.get("name")): next((_kind(child) for child in case if child.tag != "properties"), "passed")
        for case in cases
    }


def _kind(told: ET.Element) -> str:
    return "xfailed" if told.get("type") == "pytest.xfail" else told.tag


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "photo.png").write_bytes(PNG)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return Project(tmp_path)


def test_an_asgi_app_is_served_and_each_selected_check_is_a_test(project: Project) -> None:
    project.write("test_app.py", f"{FASTAPI}\ntest_it = upload_checks(app=app, {SUBJECT})\n")
    ended = project.pytest("-k", "TY-02 or MP-02 or MP-03 or CT-07 or NM-01")
    assert ended.outcomes == {
        "test_it[UPL-MP-02]": "passed",
        "test_it[UPL-MP-03]": "passed",
        "test_it[UPL-NM-01]": "failure",
        "test_it[UPL-TY-02]": "failure",
        "test_it[UPL-CT-07]": "skipped",
    }, ended.text
    assert ended.code == 1
    # Only these were run, once; what was seen and not told is a failure, and a warning is told.
    assert "111 deselected" in ended.text
    assert len(list((project.folder / ".sluicegate" / "runs").iterdir())) == 1
    assert re.search(r"UploadCheckWarning: UPL-MP-02 ", ended.text)
    assert "UPL-NM-01  " in ended.text
    assert "Could not be checked: " in ended.text
    assert re.search(r"SKIPPED \[1\] test_app.py:\d+: UPL-CT-07 .*the route takes no text/csv", ended.text)
    # The text of a failure.
    for line in (
        "    promised  refused with 400, 415 or 422",
        "    observed  201 Created",
        "What to do (FastAPI): ",
        "With the gate: ",
    ):
        assert line in ended.text
    assert re.search(r"The same bytes again: sluicegate replay \S+/UPL-TY-02/\d+ --target ", ended.text)
    # The summary, and that the app was started and stopped as a server does.
    assert re.search(r"= upload checks =+\nPOST /upload breaks .*\d+ requests in [\d.]+ s; .*report.html", ended.text)
    assert (project.folder / "stopped").exists()


def test_a_wsgi_app_is_served_by_waitress(project: Project) -> None:
    project.write("test_app.py", f"{FLASK}\ntest_it = upload_checks(app=app, {SUBJECT})\n")
    ended = project.pytest("-k", "MP-03 or TR-07 or TY-02")
    assert ended.outcomes["test_it[UPL-MP-03]"] == "passed", ended.text
    assert ended.outcomes["test_it[UPL-TY-02]"] == "failure"
    assert ended.outcomes["test_it[UPL-TR-07]"] != "skipped"
    assert "What to do (Flask): " in ended.text


def test_without_waitress_nothing_is_said_of_what_is_the_servers_business(project: Project) -> None:
    project.write("conftest.py", hidden("waitress"))
    project.write("test_app.py", f"{FLASK}\ntest_it = upload_checks(app=app, {SUBJECT})\n")
    ended = project.pytest("-k", "TR-07 or TY-02")
    assert ended.outcomes == {"test_it[UPL-TR-07]": "skipped", "test_it[UPL-TY-02]": "failure"}, ended.text
    assert "pip install waitress" in ended.text


def test_without_uvicorn_an_asgi_app_fails_and_says_what_to_install(project: Project) -> None:
    project.write("conftest.py", hidden("uvicorn"))
    project.write("test_app.py", f"{FASTAPI}\ntest_it = upload_checks(app=app, {SUBJECT}, only=['TY-01', 'TY-02'])\n")
    ended = project.pytest()
    assert set(ended.outcomes.values()) == {"failure"}
    assert "pip install uvicorn" in ended.text


def test_an_app_that_does_not_start_fails_with_its_reason(project: Project) -> None:
    app = FASTAPI.replace("app.state.ready = True", "raise RuntimeError('no database')")
    project.write("test_app.py", f"{app}\ntest_it = upload_checks(app=app, {SUBJECT}, only='TY-02')\n")
    ended = project.pytest()
    assert ended.outcomes == {"test_it[UPL-TY-02]": "failure"}
    assert "the app did not start in uvicorn" in ended.text
    assert "no database" in ended.text


class _Endpoint(BaseHTTPRequestHandler):
    """Takes whatever has the right credential."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        with suppress(OSError):
            self._answer()

    def _answer(self) -> None:
        self.send_response(201 if self.headers.get("authorization") == "Bearer s3cret" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    with served(_Endpoint) as origin:
        yield origin


@contextmanager
def served(handler: type[_Endpoint]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


FLOW = """
flow: avatars
summary: Profile picture
owner: accounts team <accounts@example.com>
mode: off
route: { method: POST, path: /upload, protocols: [multipart] }
accept:
  files:
    file: { types: [image/png], max-size: 1 MiB, count: 1 }
permissions: { caller: jwt }
deliver: forward
upstream: service
credentials: forward
expect: { status: 201 }
verify:
  samples: { file: photo.png }
  credentials: { header: Authorization, main: env:UPLOAD_TOKEN }
"""


def write_flow(project: Project) -> None:
    folder = project.folder / "flows" / "avatars"
    folder.mkdir(parents=True)
    (folder / "flow.yaml").write_text(FLOW)
    (folder / "photo.png").write_bytes(PNG)


def test_a_flow_is_checked_at_a_target_and_with_credentials_that_fixtures_give(project: Project, endpoint: str) -> None:
    write_flow(project)
    project.write(
        "test_live.py",
        f"""
import pytest
from sluicegate.testing import upload_checks

@pytest.fixture
def server():
    return "{endpoint}"

@pytest.fixture(scope="session")
def upload_checks_environment():
    return {{"UPLOAD_TOKEN": "Bearer s3cret"}}

test_live = upload_checks(
    "avatars", target=lambda server: server, flows="flows", only="RS-01,CT-07"
)
test_locked = upload_checks(
    "avatars", target=lambda server: server, flows="flows", only=["RS-01"],
    environment=lambda server: {{"UPLOAD_TOKEN": "Bearer wrong"}},
)
""",
    )
    ended = project.pytest("-v")
    assert ended.outcomes["test_live[UPL-RS-01]"] == "passed", ended.text
    assert ended.outcomes["test_live[UPL-CT-07]"] == "skipped"
    # With the wrong credential nothing can be told, and that is no success.
    assert ended.outcomes["test_locked[UPL-RS-01]"] == "failure"
    assert "s3cret" not in ended.text


def test_the_workers_of_xdist_share_one_run(project: Project, endpoint: str) -> None:
    write_flow(project)
    project.write(
        "test_live.py",
        "from sluicegate.testing import upload_checks\n"
        f"test_live = upload_checks('avatars', target='{endpoint}', only=['MP-03', 'TY-02', 'RS-01'])\n",
    )
    ended = project.pytest("-n", "2", UPLOAD_TOKEN="Bearer s3cret")
    assert len(ended.outcomes) == 3, ended.text
    assert len(list((project.folder / ".sluicegate" / "runs").iterdir())) == 1
    assert len(re.findall(r"avatars breaks .* promises", ended.text)) == 1


def test_who_interrupts_the_tests_ends_the_program_too(project: Project) -> None:
    stuck, over = threading.Event(), threading.Event()

    class Sticky(_Endpoint):
        """Takes the first uploads; the checks' own are never answered."""

        taken = 0

        def do_POST(self) -> None:
            Sticky.taken += 1
            if Sticky.taken > 2:
                stuck.set()
                over.wait(60)
            super().do_POST()

    with served(Sticky) as origin:
        project.write(
            "test_live.py",
            "from sluicegate.testing import upload_checks\n"
            f"test_live = upload_checks(url='{origin}/upload', field='file', sample='photo.png', only='TY-02',\n"
            "    headers={'Authorization': 'Bearer s3cret'})\n",
        )
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        with subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, encoding="utf-8") as running:
            assert stuck.wait(60)
            running.send_signal(signal.SIGINT)
            told, _ = running.communicate(timeout=60)
        over.set()
    assert running.returncode == 2
    assert "KeyboardInterrupt" in told
    # It was asked to stop, not killed: what it knew is kept.
    [run] = (project.folder / ".sluicegate" / "runs").glob("*/run.json")
    assert json.loads(run.read_text())["stopped"]["kind"] == "interrupted"


def test_what_failed_in_the_baseline_is_expected_to_fail(project: Project, endpoint: str) -> None:
    write_flow(project)
    text = (
        "from sluicegate.testing import upload_checks\n"
        f"test_live = upload_checks('avatars', target='{endpoint}', flows='flows', only=%s, profile='ci')\n"
    )
    project.write("test_live.py", text % ["TY-02"])
    first = project.pytest("--upload-checks-out", "kept", UPLOAD_TOKEN="Bearer s3cret")
    assert first.outcomes == {"test_live[UPL-TY-02]": "failure"}, first.text
    kept = project.folder / "kept" / "test_live-test_live"
    assert {file.name for file in kept.iterdir()} == {"report.json", "report.html"}
    project.write("test_live.py", text % ["TY-01", "TY-02"])
    again = project.pytest(f"--upload-checks-baseline={kept}/report.json", UPLOAD_TOKEN="Bearer s3cret")
    assert again.outcomes == {"test_live[UPL-TY-01]": "failure", "test_live[UPL-TY-02]": "xfailed"}, again.text


def test_a_target_that_nobody_serves_fails_every_test_with_one_sentence(project: Project) -> None:
    project.write(
        "test_dead.py",
        "from sluicegate.testing import upload_checks\n"
        "test_dead = upload_checks("
        "url='http://127.0.0.1:9/u', field='f', sample='photo.png', only=['MP-06', 'MP-11'])\n",
    )
    ended = project.pytest()
    assert set(ended.outcomes.values()) == {"failure"}
    assert len(ended.outcomes) == 2
    assert "127.0.0.1:9" in ended.text
    assert "Traceback" not in ended.text


@pytest.mark.parametrize(
    ("call", "environment", "said"),
    [
        ("upload_checks('avatars', only=['UPL-XX'])", {}, "no check is named by 'UPL-XX'"),
        ("upload_checks('avatars')", {"SLUICEGATE_NODE": "/nowhere/node"}, "/nowhere/node (SLUICEGATE_NODE) cannot be"),
    ],
)
def test_what_cannot_be_checked_is_said_while_tests_are_collected(
    project: Project, call: str, environment: dict[str, str], said: str
) -> None:
    project.write("test_it.py", f"from sluicegate.testing import upload_checks\ntest_it = {call}\n")
    ended = project.pytest("--collect-only", **environment)
    assert ended.code == 2
    assert said in ended.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "say what to check"),
        ({"flow": "avatars", "url": "http://127.0.0.1:1/"}, "say what to check"),
        ({"flow": "avatars", "app": "a:b", "target": "http://127.0.0.1:1"}, "give one of them"),
        ({"flow": "avatars", "baseline": "last"}, "name the report.json of a run that you keep"),
        ({"url": "/upload", "sample": "photo.png"}, "with app= a path"),
        ({"url": "http://127.0.0.1:1/", "field": "f"}, "url= needs sample="),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckingError, match=said):
        upload_checks(**arguments)


def test_a_class_is_no_place_for_it(project: Project) -> None:
    project.write(
        "test_it.py",
        "from sluicegate.testing import upload_checks\nclass TestIt:\n    test_it = upload_checks('avatars')\n",
    )
    ended = project.pytest("--collect-only")
    assert ended.code == 2
    assert "at the top level of a module" in ended.text


def test_who_does_not_use_it_does_not_load_it(project: Project) -> None:
    project.write(
        "test_it.py",
        "import sys\ndef test_it():\n"
        "    loaded = {name for name in sys.modules if name.startswith('sluicegate')}\n"
        "    assert loaded == {'sluicegate', 'sluicegate.pytest_plugin'}\n"
        "    assert 'cryptography' not in sys.modules\n",
    )
    ended = project.pytest()
    assert ended.outcomes == {"test_it": "passed"}, ended.text
    assert "upload checks" not in ended.text
