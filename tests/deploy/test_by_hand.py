"""Promise: what deploy/README.md says to do by hand works as it stands, from an empty folder on."""

from __future__ import annotations

from pathlib import Path

from support.guides import steps
from support.process import ROOT
from support.sessions import free_ports, session

README = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")


def test_from_nothing_by_hand(tmp_path: Path) -> None:
    page = README.partition("## By hand")[2].partition("## Compose")[0]
    edge, writer, figures = free_ports(3)
    for named, ours in (("8080", edge), ("8081", writer), ("9090", figures)):
        page = page.replace(named, str(ours))
    with session(tmp_path) as here:
        here.run(page, patience=15.0)
        assert here.ran == len(list(steps(page))) >= 13
