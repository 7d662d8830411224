"""Promise: a proposal's page is told for the forges that are known, and no secret is in it."""

import pytest

from burgee_writer.git.compare import compare_url

BRANCH = "burgee/acme/0123"


@pytest.mark.parametrize(
    ("source", "url"),
    [
        (
            "git@github.com:acme/flags.git",
            "https://github.com/acme/flags/compare/main...burgee/acme/0123?expand=1",
        ),
        (
            "https://x:s3cret@github.example.com:8443/acme/flags",
            "https://github.example.com/acme/flags/compare/main...burgee/acme/0123?expand=1",
        ),
        (
            "ssh://git@gitlab.example.com:2222/group/sub/flags.git",
            "https://gitlab.example.com/group/sub/flags/-/compare/main...burgee/acme/0123",
        ),
        (
            "https://bitbucket.org/acme/flags.git",
            "https://bitbucket.org/acme/flags/branch/burgee/acme/0123?dest=main",
        ),
        ("https://git.example.com/acme/flags.git", None),
        ("/srv/git/github/flags.git", None),
        ("file:///srv/github/flags.git", None),
        ("https://github.com/a b", None),
        ("git@github.com:acme/flags.git\nX: y", None),
    ],
)
def test_forges(source: str, url: str | None) -> None:
    assert compare_url(source, "main", BRANCH) == url
