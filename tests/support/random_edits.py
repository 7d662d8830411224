"""Random calls that write, of every kind that there is, made from what the writer itself shows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from support.writer_process import WriterProcess

__all__ = ["RandomEdits"]

WORDS = ("on", "a: b", "# no comment", "x y", "3", "été", "- item", "it's", 'say "hi"', "", "null")
ENVIRONMENTS = ("development", "staging", "production")


class RandomEdits:
    """Makes edits until enough are accepted; a refused one has to be told why."""

    def __init__(self, writer: WriterProcess, tenants: tuple[str, ...], seed: int) -> None:
        self.writer = writer
        self.draw = random.Random(seed)
        self.tenants = tenants
        self.tenant = tenants[0]
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.commits: list[tuple[str, str]] = []
        """The tenant and commit of each edit that made one, oldest first."""
        self._made: dict[str, list[str]] = {tenant: [] for tenant in tenants}
        self._number = 0
        self._kinds: tuple[Callable[[], None], ...] = (
            *(self.words, self.words, self.metadata, self.metadata, self.tags, self.state),
            *(self.pin, self.let_go, self.create, self.put, self.rule, self.experiment),
            *(self.progress, self.weights, self.segment, self.member, self.no_member),
            *(self.delete, self.several, self.undo, self.overlay, self.schedule),
        )

    def make(self, count: int) -> None:
        """Make edits until so many commits stand."""
        while len(self.commits) < count:
            self.tenant = self.draw.choice(self.tenants)
            self.draw.choice(self._kinds)()

    def call(self, kind: str, method: str, target: str, body: object = None) -> None:
        answer = self.writer.ask(method, target, body, X_Tenant_ID=self.tenant)
        found: Any = answer.json() if answer.body else {}
        if answer.status < 300:
            commit = answer.headers.get("burgee-commit")
            if commit is not None:
                self.accepted[kind] += 1
                self.commits.append((self.tenant, commit))
            return
        assert answer.status in (404, 409, 422), (method, target, body, found)
        assert found["error"]["message"]
        self.refused[f"{kind} {found['error']['code']}"] += 1

    def flag(self) -> str:
        """A flag of the files that were there at first, or of those that were made."""
        made = self._made[self.tenant]
        if made and self.draw.random() < 0.5:
            return self.draw.choice(made)
        page = self.writer.get("/v1/flags?limit=100", X_Tenant_ID=self.tenant)
        return str(self.draw.choice(page["flags"])["key"])

    def made(self) -> str:
        """A flag that was made here."""
        if not self._made[self.tenant]:
            self.create()
        return self.draw.choice(self._made[self.tenant])

    def read(self, key: str) -> dict[str, Any]:
        answer = self.writer.ask("GET", f"/v1/flags/{key}", X_Tenant_ID=self.tenant)
        found: Any = answer.json()
        return dict(found["flag"]) if answer.status == 200 else {}

    def words(self) -> None:
        field = self.draw.choice(("name", "description", "owner"))
        body = {field: self.draw.choice((*WORDS, f"word {self.draw.random()}"))}
        self.call("words", "PATCH", f"/v1/flags/{self.flag()}", body)

    def metadata(self) -> None:
        body = {"metadata": {"n": self.draw.randrange(1000), "word": self.draw.choice(WORDS)}}
        self.call("metadata", "PATCH", f"/v1/flags/{self.flag()}", body)

    def tags(self) -> None:
        tags = self.draw.sample(("web", "ios", "beta", "billing", "2024"), self.draw.randrange(4))
        self.call("tags", "PATCH", f"/v1/flags/{self.flag()}", {"tags": tags})

    def state(self) -> None:
        where: Any = self.draw.sample(ENVIRONMENTS, self.draw.randrange(1, 3))
        body = {"state": self.draw.choice(("on", "off"))}
        body["environments"] = self.draw.choice(("*", where))
        self.call("state", "PUT", f"/v1/flags/{self.flag()}/state", body)

    def _variant(self, flag: dict[str, Any]) -> str:
        variants = flag.get("variants") or ["on", "off"]
        return str(self.draw.choice(list(variants)))

    def pin(self) -> None:
        key = self.flag()
        body = {"serve": self._variant(self.read(key)), "reason": self.draw.choice(WORDS[1:6])}
        if self.draw.random() < 0.3:
            body["environment"] = self.draw.choice(ENVIRONMENTS)
        user = f"user-{self.draw.randrange(30)}"
        self.call("pin", "PUT", f"/v1/flags/{key}/overrides/{user}", body)

    def let_go(self) -> None:
        key = self.flag()
        pinned = [each["user"] for each in self.read(key).get("overrides", [])]
        own = [each for each in pinned if str(each).startswith("user-")]
        if own:
            user = self.draw.choice(own)
            self.call("let go", "DELETE", f"/v1/flags/{key}/overrides/{user}")

    def create(self) -> None:
        self._number += 1
        key = self.draw.choice(("made.n{}", "made.deep.er.n{}", "n{}")).format(self._number)
        body: dict[str, Any] = {"key": key, "description": self.draw.choice(WORDS)}
        if self.draw.random() < 0.7:
            body |= {"variants": ["a", "b", "c"], "off_variant": "a"}
            body["default"] = {"split": {"a": 50, "b": 30, "c": 20}}
        self.call("create", "POST", "/v1/flags", body)
        self._made[self.tenant].append(key)

    def put(self) -> None:
        key = self.made()
        flag = self.read(key)
        if flag:
            flag |= {"owner": f"owner {self.draw.randrange(9)}", "kind": "ops"}
            self.call("put", "PUT", f"/v1/flags/{key}", flag)

    def rule(self) -> None:
        key = self.made()
        self._number += 1
        when = {"attribute": "plan", "in": ["pro", self.draw.choice(WORDS[1:6])]}
        body = {"name": f"r{self._number}", "when": when, "serve": self._variant(self.read(key))}
        names = [each["name"] for each in self.read(key).get("rules", [])]
        place = f"?before={self.draw.choice(names)}" if names and self.draw.random() < 0.5 else ""
        self.call("rule", "POST", f"/v1/flags/{key}/rules{place}", body)

    def experiment(self) -> None:
        key = self.made()
        if "variants" in self.read(key):
            split = {"split": {"a": 1, "b": 1}}
            body = {"control": "a", "status": "running", "serve": split}
            self.call("experiment", "PUT", f"/v1/flags/{key}/experiments/exp", body)

    def progress(self) -> None:
        key = self.made()
        body = self.draw.choice(({"status": "paused"}, {"status": "running"}, {"winner": "b"}))
        self.call("progress", "PATCH", f"/v1/flags/{key}/experiments/exp", body)

    def weights(self) -> None:
        key = self.made()
        if "variants" in self.read(key):
            split = {name: self.draw.randrange(1, 90) for name in "abc"}
            self.call("weights", "PATCH", f"/v1/flags/{key}", {"default": {"split": split}})

    def segment(self) -> None:
        self._number += 1
        body = {"key": f"made.s{self._number}", "members": [f"m-{self._number}"]}
        self.call("segment", "POST", "/v1/segments", body)

    def _segment(self) -> str | None:
        page = self.writer.get("/v1/segments?limit=100", X_Tenant_ID=self.tenant)
        keys = [each["key"] for each in page["segments"]]
        return str(self.draw.choice(keys)) if keys else None

    def member(self) -> None:
        key = self._segment()
        if key is not None:
            user = f"user-{self.draw.randrange(50)}"
            self.call("member", "PUT", f"/v1/segments/{key}/members/{user}")

    def no_member(self) -> None:
        key = self._segment()
        if key is not None:
            shown = self.writer.get(f"/v1/segments/{key}", X_Tenant_ID=self.tenant)
            members = shown["segment"].get("members", [])
            own = [each for each in members if str(each).startswith("user-")]
            if own:
                target = f"/v1/segments/{key}/members/{self.draw.choice(own)}"
                self.call("no member", "DELETE", target)

    def delete(self) -> None:
        made = self._made[self.tenant]
        if len(made) > 3:
            key = made.pop(self.draw.randrange(len(made)))
            self.call("delete", "DELETE", f"/v1/flags/{key}")

    def several(self) -> None:
        keys = {self.flag(), self.flag()}
        changes = [
            {
                "method": "PATCH",
                "path": f"/v1/flags/{key}",
                "body": {"owner": self.draw.choice(WORDS[3:8])},
            }
            for key in sorted(keys)
        ]
        self.call("several", "POST", "/v1/changes", {"changes": changes, "reason": "both"})

    def undo(self) -> None:
        if self.commits:
            self.tenant, commit = self.draw.choice(self.commits[-5:])
            self.call("undo", "POST", "/v1/undo", {"commit": commit})

    def overlay(self) -> None:
        key, where = self.made(), self.draw.choice(ENVIRONMENTS)
        overlays = dict(self.read(key).get("environments") or {})
        overlays[where] = {"default": self._variant(self.read(key))}
        self.call("overlay", "PATCH", f"/v1/flags/{key}", {"environments": overlays})

    def schedule(self) -> None:
        step = {"at": "2030-01-01T00:00:00Z", "set": {"state": self.draw.choice(("on", "off"))}}
        self.call("schedule", "PATCH", f"/v1/flags/{self.made()}", {"schedule": [step]})
