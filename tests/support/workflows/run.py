"""Runs a workflow in a work tree: each script with bash, as GitHub's runner starts it.

Actions of others are not run: their work (the checkout, Python) is done by whoever calls, and what
they were given is noted. Our own, named by a path, are run from the tree they are named in.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from support.workflows.expressions import filled, holds

__all__ = ["Done", "Runner"]

_WITHIN = 120.0


class Done(msgspec.Struct, frozen=True):
    """A step that was run: how it ended, and what it printed."""

    job: str
    name: str
    outcome: str
    printed: str = ""
    used: str = ""
    given: dict[str, str] = {}


class Runner:
    """What a run of a workflow is given: the event, the work tree, the variables, secrets."""

    def __init__(
        self,
        tree: Path,
        scratch: Path,
        variables: Mapping[str, str],
        *,
        event: Mapping[str, Any],
        event_name: str,
        secrets: Mapping[str, str] | None = None,
        replaced: Mapping[str, str] | None = None,
    ) -> None:
        self.done: list[Done] = []
        self.summary = scratch / "summary.md"
        self.outputs: dict[str, str] = {}
        self._tree = tree
        self._scratch = scratch
        self._replaced = replaced or {}
        self._secrets = secrets or {}
        scratch.mkdir(parents=True)
        event_file = scratch / "event.json"
        event_file.write_text(json.dumps(event), encoding="utf-8")
        self.summary.touch()
        base = event.get("pull_request", {}).get("base", {}).get("ref", "")
        self._github = {
            "event_name": event_name,
            "token": "a-token-of-the-run",
            "base_ref": base,
            "ref": event.get("ref", "refs/pull/7/merge"),
            "workspace": str(tree),
        }
        self._variables = {
            **variables,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event_name,
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_BASE_REF": base,
            "GITHUB_REPOSITORY": "acme/flags",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(tree),
            "RUNNER_TEMP": str(scratch),
        }

    @property
    def ended(self) -> str:
        """How the whole ended."""
        return "failure" if any(each.outcome == "failure" for each in self.done) else "success"

    @property
    def printed(self) -> str:
        """All that was printed, for messages of asserts too."""
        return "\n".join(f"--- {each.job}/{each.name}\n{each.printed}" for each in self.done)

    def step(self, name: str) -> Done:
        """Return the one step of that name that was run."""
        (found,) = [each for each in self.done if each.name == name]
        return found

    def run(self, workflow: Path) -> None:
        """Run the jobs whose condition holds, in the order they stand in."""
        for name, job in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].items():
            for chosen in _matrix(job):
                contexts = {"github": self._github, "matrix": chosen, "secrets": self._secrets}
                if holds(
                    job.get("if", "true"), contexts, _functions(failed=self.ended != "success")
                ):
                    self._steps(name, job["steps"], {**contexts, "steps": {}, "inputs": {}})

    def act(self, action: Path, given: Mapping[str, str]) -> None:
        """Run an action as a step of some workflow does."""
        contexts = {"github": self._github, "steps": {}, "inputs": {}}
        self.outputs = self._action("job", action, given, contexts)

    def _action(
        self, job: str, action: Path, given: Mapping[str, str], contexts: Mapping[str, Any]
    ) -> dict[str, str]:
        made = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        assert set(given) <= set(made["inputs"]), "inputs that the action does not have"
        functions = _functions(failed=False)
        inputs = {
            name: given.get(name, filled(str(each.get("default", "")), contexts, functions))
            for name, each in made["inputs"].items()
        }
        inner = {**contexts, "inputs": inputs, "steps": {}}
        self._steps(job, made["runs"]["steps"], inner)
        return {
            name: filled(each["value"], inner, functions)
            for name, each in made.get("outputs", {}).items()
        }

    def _steps(self, job: str, steps: list[dict[str, Any]], contexts: Mapping[str, Any]) -> None:
        first = len(self.done)
        for step in steps:
            failed = any(each.outcome == "failure" for each in self.done[first:])
            functions = _functions(failed=failed)
            if not holds(step.get("if", "true"), contexts, functions):
                continue
            done, outputs = self._step(job, step, contexts, functions)
            self.done.append(done)
            if "id" in step:
                told = {"outputs": outputs, "outcome": done.outcome}
                contexts["steps"][step["id"]] = told

    def _step(
        self, job: str, step: dict[str, Any], contexts: Mapping[str, Any], functions: Any
    ) -> tuple[Done, dict[str, str]]:
        used = step.get("uses", "")
        name = step.get("name", used or step.get("run", ""))
        given = {
            key: filled(str(value), contexts, functions)
            for key, value in step.get("with", {}).items()
        }
        if used.startswith("./"):
            before = len(self.done)
            outputs = self._action(job, self._tree / used, given, contexts)
            bad = any(each.outcome == "failure" for each in self.done[before:])
            return Done(job, name, "failure" if bad else "success", used=used, given=given), outputs
        if used:
            return Done(job, name, "success", used=used, given=given), {}
        return self._script(job, name, step, contexts, functions)

    def _script(
        self, job: str, name: str, step: dict[str, Any], contexts: Mapping[str, Any], functions: Any
    ) -> tuple[Done, dict[str, str]]:
        script = self._replaced.get(name, step["run"])
        assert "${{" not in script, f"{name}: what comes from outside becomes text of a script"
        file, output, path = (self._scratch / part for part in ("script", "output", "path"))
        file.write_text(script, encoding="utf-8")
        output.write_text("", encoding="utf-8")
        path.touch()
        added = path.read_text(encoding="utf-8").split()
        variables = {
            **self._variables,
            **{
                key: filled(str(value), contexts, functions)
                for key, value in step.get("env", {}).items()
            },
            "GITHUB_OUTPUT": str(output),
            "GITHUB_PATH": str(path),
            "PATH": os.pathsep.join((*reversed(added), self._variables["PATH"])),
        }
        named = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") else ["-e"]
        done = subprocess.run(
            ["bash", *named, str(file)],
            cwd=self._tree / filled(step.get("working-directory", "."), contexts, functions),
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=_WITHIN,
            check=False,
        )
        outcome = "success" if done.returncode == 0 else "failure"
        lines = output.read_text(encoding="utf-8").splitlines()
        outputs = {key: value for key, _, value in (line.partition("=") for line in lines)}
        return Done(job, name, outcome, done.stdout), outputs


def _matrix(job: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    axes = job.get("strategy", {}).get("matrix", {})
    for chosen in itertools.product(*axes.values()):
        yield dict(zip(axes, chosen, strict=True))


def _functions(*, failed: bool) -> dict[str, Any]:
    return {
        "success": lambda: not failed,
        "failure": lambda: failed,
        "always": lambda: True,
        "cancelled": lambda: False,
    }
