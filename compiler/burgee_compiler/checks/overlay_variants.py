"""B313: an environment may give variants other values, never other names."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.checks.hints import listed
from burgee_compiler.checks.views import FlagView
from burgee_compiler.diagnostics import Diagnostic

__all__ = ["check_overlay_variants"]


def check_overlay_variants(view: FlagView) -> Iterator[Diagnostic]:
    """Report overlays whose variants have other names than the flag's."""
    for name, overlay in view.flag.environments.items():
        if not isinstance(overlay.variants, dict):
            continue
        missing = [each for each in view.variants if each not in overlay.variants]
        strange = [each for each in overlay.variants if each not in view.variants]
        if not missing and not strange:
            continue
        parts = []
        if missing:
            parts.append(f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing")
        if strange:
            parts.append(f"{listed(strange)} {'is' if len(strange) == 1 else 'are'} new")
        yield view.finding_at_key(
            "B313",
            f"the variants of {name} are not those of the flag: {' and '.join(parts)}",
            ("environments", name, "variants"),
            help=f"name all of: {listed(view.variants)}; an environment replaces their values only",
        )
