"""Promise: the examples run as they stand, over a folder and a node, and in Celery's workers."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from burgee.instants import parse_instant
from burgee.snapshot.forms import ConditionForm
from support.command import environment
from support.edge_process import edge_process, wait_for_text
from support.process import ROOT
from support.snapshots import TenantParts, attribute, flag, override, rule, write_environment
from support.waiting import until

EXAMPLES = ROOT / "docs" / "examples"
STAFF = ConditionForm(attribute="email", tests={"endswith": "@acme.example"})
PAGES = {"classic": {"steps": 3}, "one-page": {"steps": 1}}
OLD = parse_instant("2020-01-01")


def parts(page: str = "classic", **more: Any) -> TenantParts:
    """The flags that the examples ask, as small as may be."""
    letters = {"none": "none", "survey": "survey", **more}
    return TenantParts(
        {
            "checkout.one-page": flag(
                page, variants=PAGES, overrides=(override("acme", "u-1", 1),)
            ),
            "search.suggestions-limit": flag(variants={"ten": 10}, default="ten", client_side=True),
            "accounts.passkeys": flag(rules=(rule("staff", when=STAFF),), client_side=True),
            "emails.winback": flag(
                variants=letters,
                default=next(iter(more), "none"),
                rules=(
                    rule(
                        "old", sorted(letters).index("survey"), attribute("created_at", before=OLD)
                    ),
                ),
            ),
            "platform.read-only": flag("on"),
            "ui.theme": flag(variants={"classic": "classic"}, default="classic"),
        }
    )


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    write_environment(tmp_path / "dist", {"acme": parts()})
    return tmp_path / "dist"


@pytest.fixture(params=["folder", "node"])
def source(request: pytest.FixtureRequest, dist: Path) -> Iterator[str]:
    if request.param == "folder":
        yield str(dist)
    else:
        with edge_process(dist) as node:
            yield node.url


def surroundings(source: str, **more: str) -> dict[str, str]:
    found = environment(SHOP_FLAGS=source, **more)
    return {**found, "PYTHONPATH": os.pathsep.join((found["PYTHONPATH"], str(EXAMPLES)))}


def run(source: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=surroundings(source),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_example_is_run_and_asks_flags_of_the_repository() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert path.stem in source or path.name == "shop_flags.py", "which all others import"
        keys = re.findall(r'"([a-z]+\.[a-z-]+)"[,)]', path.read_text(encoding="utf-8"))
        for key in keys:
            file = ROOT / "flags-repo" / "acme" / "flags" / f"{key.replace('.', '/')}.yaml"
            assert file.exists(), key


def test_plain(source: str) -> None:
    told = run(source, str(EXAMPLES / "plain.py"), "u-1", "free")
    assert told == "1 steps, by override of 1-abcdef0"
    told = run(source, str(EXAMPLES / "plain.py"), "u-2", "free")
    assert told == "3 steps, by default of 1-abcdef0"


def test_openfeature_app(source: str) -> None:
    assert run(source, str(EXAMPLES / "openfeature_app.py")) == "True classic"


BROWSE = """
import json
from {module} import app
from starlette.testclient import TestClient
with TestClient(app) as browser:
    found = []
    for headers in ({{}}, {{"x-user": "u-1", "x-email": "ann@acme.example"}}):
        passkeys = browser.get("/passkeys", headers=headers)
        found.append([
            browser.get("/checkout", headers=headers).json(),
            passkeys.status_code,
            browser.get("/flags.json", headers=headers).json(),
        ])
    print(json.dumps(found))
"""


@pytest.mark.parametrize("module", ["fastapi_app", "starlette_app"])
def test_web_apps(source: str, module: str) -> None:
    anybody, ann = json.loads(run(source, "-c", BROWSE.format(module=module)))
    flags = {"search.suggestions-limit": 10}
    assert anybody == [
        {"steps": 3, "suggestions": 10},
        404,
        {**flags, "accounts.passkeys": False},
    ]
    assert ann == [{"steps": 1, "suggestions": 10}, 200, {**flags, "accounts.passkeys": True}]


CALL = """
from celery_tasks import app, letter
app.conf.task_always_eager = True
print([letter.delay("u-1", day).get() for day in ("2019-05-01T00:00:00+02:00", "2024-05-01")])
"""


def test_celery_task(source: str) -> None:
    assert run(source, "-W", "ignore", "-c", CALL) == "['survey', 'none']"


WORKER = """
from pathlib import Path
from celery_tasks import app
folder = Path({folder!r})
app.conf.update(
    broker_transport_options={{
        "data_folder_in": str(folder), "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
    }},
    result_backend="file://" + str(folder / "results"),
    worker_hijack_root_logger=False,
)
"""

ASK = """
import worker
from celery_tasks import letter
print(letter.delay("u-1", "2024-05-01").get(timeout=30))
"""


@contextmanager
def celery_worker(folder: Path, env: dict[str, str]) -> Iterator[None]:
    """A worker with two forked processes; ended politely, within a bound."""
    log = folder / "log"
    command = ["-m", "celery", "-A", "worker", "worker", "-P", "prefork", "-c", "2", "-l", "INFO"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command, "--without-gossip", "--without-mingle"],
            env=env,
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_text(process, log, re.compile(r"ready\."), 60)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_celery_workers_follow_after_they_were_forked(tmp_path: Path, dist: Path) -> None:
    folder = tmp_path / "broker"
    for name in ("results", "control"):
        (folder / name).mkdir(parents=True)
    (tmp_path / "worker.py").write_text(WORKER.format(folder=str(folder)))
    env = surroundings(str(dist), SHOP_BROKER="filesystem://", PYTHONWARNINGS="ignore")
    env["PYTHONPATH"] += os.pathsep + str(tmp_path)

    def ask() -> str:
        done = subprocess.run(
            [sys.executable, "-c", ASK],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    with celery_worker(tmp_path, env):
        assert ask() == "none"
        write_environment(dist, {"acme": parts(voucher="voucher")}, sequence=2)
        until(lambda: ask() == "voucher", "a worker's answer from the newer snapshot")
