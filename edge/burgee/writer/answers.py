"""What a writer's answers are made into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

__all__ = ["Document", "Written", "document_of", "written_of"]

_NAMES: Final = ("flag", "segment")


class Document(Struct, frozen=True):
    """A flag, a segment or an experiment as it is, and the `etag` that a write of it may name."""

    value: Mapping[str, Any]
    etag: str | None = None


class Written(Struct, frozen=True, kw_only=True):
    """What a write came to.

    `commit` is None where nothing changed, and for a dry run. With `propose` the commit is on
    `branch`, to be reviewed at `compare_url`. `passed_over` are commits of others that were not
    there when the caller last looked; `answer` is the whole of what the writer said.
    """

    changed: bool
    commit: str | None = None
    previous_commit: str | None = None
    created: bool = False
    value: Mapping[str, Any] | None = None
    passed_over: tuple[Any, ...] = ()
    plan: Any = None
    findings: tuple[Any, ...] = ()
    dry_run: bool = False
    branch: str | None = None
    compare_url: str | None = None
    etag: str | None = None
    request_id: str | None = None
    answer: Mapping[str, Any] = {}


def document_of(body: Mapping[str, Any], headers: Mapping[str, str], name: str) -> Document:
    """Return what a GET gave, with or without an envelope of its name."""
    inside = body.get(name)
    return Document(inside if isinstance(inside, Mapping) else body, headers.get("etag"))


def written_of(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Written:
    """Return what the answer to a write says; a 204 says it in its headers."""
    value = next((body[name] for name in _NAMES if isinstance(body.get(name), Mapping)), None)
    commit = body.get("commit") or headers.get("burgee-commit")
    return Written(
        changed=bool(body.get("changed", status == 204)),
        commit=commit,
        previous_commit=body.get("previous_commit") or headers.get("burgee-previous-commit"),
        created=status == 201,
        value=value,
        passed_over=tuple(body.get("passed_over") or ()),
        plan=body.get("plan"),
        findings=tuple(body.get("findings") or ()),
        dry_run=bool(body.get("dry_run")),
        branch=body.get("branch"),
        compare_url=body.get("compare_url"),
        etag=headers.get("etag"),
        request_id=body.get("request_id") or headers.get("x-request-id"),
        answer=body,
    )
