"""Promise: whatever somebody pushes, a running writer answers as one that is started then would,
and is well again once it is mended.
"""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from support.flag_repository import git
from support.raw_trees import Kind, raw_commit
from support.writer_process import bare_repository, writer_process

Files = dict[str, tuple[Kind, str]]

FILES: Files = {
    "burgee.yaml": ("file", "environments: [staging, production]\n"),
    "acme/flags/f.yaml": ("file", "default: off\n"),
    "acme/flags/g.yaml": ("file", "default: off\n"),
}
HARMLESS: dict[str, Files] = {
    "a submodule": FILES | {"vendor": ("submodule", "")},
    "hidden files": FILES | {".github/x.yaml": ("file", "x"), "acme/.f.yaml": ("file", "x")},
    "a submodule in the tenant": FILES | {"acme/flags/vendor": ("submodule", "")},
    "a link": FILES | {"acme/flags/h.yaml": ("link", "f.yaml")},
    "a flag in a link's place": FILES | {"acme/flags/h.yaml": ("file", "default: on\n")},
    "a link in a flag's place": FILES | {"acme/flags/g.yaml": ("link", "f.yaml")},
    "a folder in a flag's place": {
        path: each for path, each in FILES.items() if path != "acme/flags/g.yaml"
    }
    | {"acme/flags/g.yaml/x.yaml": ("file", "default: off\n")},
}


def test_what_is_odd_beside_a_flag_holds_up_no_write(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    repository = pygit2.Repository(str(bare))
    with writer_process(bare, tmp_path / "state") as writer:
        for files in HARMLESS.values():
            commit = raw_commit(repository, files)
            told = writer.done("PATCH", "/v1/flags/f", {"name": commit})
            assert told["previous_commit"] == commit
            assert writer.get("/v1/flags/f")["flag"]["name"] == commit
        assert writer.ask("GET", "/readyz").status == 200
        assert "Traceback" not in writer.log.read_text()


IN_PLACE: dict[str, Files] = {
    "acme/flags is no folder": {
        "burgee.yaml": FILES["burgee.yaml"],
        "acme/x.yaml": ("file", ""),
        "acme/flags": ("file", "x"),
    },
    "acme/flags/new is no folder": FILES | {"acme/flags/new": ("link", "x")},
    "acme/flags/new/x.yaml is no file": FILES | {"acme/flags/new/x.yaml": ("submodule", "")},
}


def test_what_is_in_the_place_of_a_new_flag(tmp_path: Path) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    repository = pygit2.Repository(str(bare))
    with writer_process(bare, tmp_path / "state") as writer:
        for where, files in IN_PLACE.items():
            commit = raw_commit(repository, files)
            for query in ("", "?dry_run=true"):
                error = writer.refused("POST", f"/v1/flags{query}", {"key": "new.x"})
                assert (error["status"], error["code"]) == (409, "conflict")
                assert error["message"] == f"The change has no room in the repository: {where}."
            assert git(bare, "rev-parse", "main") == commit
        raw_commit(repository, FILES, parents=False)
        writer.done("POST", "/v1/flags", {"key": "new.x"})


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"readme": ("file", "")}, "burgee.yaml"),
        (FILES | {"burgee.yaml": ("link", "acme/flags/f.yaml")}, "burgee.yaml"),
        ({"burgee.yaml": FILES["burgee.yaml"], "acme": ("file", "x")}, "tenant"),
    ],
)
def test_what_is_no_flag_repository_any_more(tmp_path: Path, files: Files, names: str) -> None:
    bare = bare_repository(tmp_path, {"flags/f.yaml": "default: off\n"})
    repository = pygit2.Repository(str(bare))
    with writer_process(bare, tmp_path / "state") as writer:
        raw_commit(repository, files)
        answers = [
            writer.ask("PATCH", "/v1/flags/f", {"name": "F"}),
            writer.ask("POST", "/v1/flags", {"key": "new"}),
        ]
        assert all(400 <= each.status < 500 or each.status == 503 for each in answers)
        assert any(names in each.body.decode() for each in answers)
        raw_commit(repository, FILES, parents=False)
        writer.done("PATCH", "/v1/flags/f", {"name": "F"})
        assert "Traceback" not in writer.log.read_text()
