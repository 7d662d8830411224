"""The comment on a pull request, at the forges that can be told one from another by their CI."""

from __future__ import annotations

from burgee_cli.forges.found import Job, find_job
from burgee_cli.forges.thread import NotPosted, Thread, post

__all__ = ["Job", "NotPosted", "Thread", "find_job", "post"]
