"""One evaluation in process, against the least any evaluator must do.

The floor is a dictionary look-up of the flag, one XXH3 of the unit and one bisection of its table.
Run: python -m benchmarks.evaluation
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from xxhash import xxh3_64_intdigest

from benchmarks._measure import interleaved, report
from burgee.evaluation import TenantFlags
from burgee.snapshot.canonical import canonical
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import flags_of
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder

_USERS = 10_000
_FLAGS = {
    "a-on-for-all": 'default: "on"\n',
    "b-three-rules": """\
rules:
  - {name: one, when: {attribute: plan, in: [enterprise, premium]}, serve: "on"}
  - {name: two, when: {attribute: country, eq: FR}, serve: "on"}
  - {name: three, when: {attribute: version, semver_gte: 3.2.0}, serve: "on"}
default: "off"
""",
    "c-split": """\
variants:
  control: {value: {steps: 3, title: Checkout}}
  short: {value: {steps: 2, title: Checkout}}
  one-page: {value: {steps: 1, title: Checkout}}
default: {split: {control: 50, short: 30, one-page: 20}}
""",
}


def _flags(folder: Path) -> TenantFlags:
    (folder / "acme" / "flags").mkdir(parents=True)
    (folder / "burgee.yaml").write_text("environments: [production]\n")
    for key, text in _FLAGS.items():
        (folder / "acme" / "flags" / f"{key}.yaml").write_text(text)
    repository = load_repository(Folder(folder))
    assert not repository.found, repository.found
    return flags_of(emit_tenant(repository.tenants["acme"], "production"))


def main() -> None:
    """Print nanoseconds an evaluation, and the ratio to the floor."""
    with TemporaryDirectory() as folder:
        flags = _flags(Path(folder))
    contexts = [
        {"targetingKey": f"user-{n}", "plan": "free", "country": "DE", "version": f"3.{n % 9}.1"}
        for n in range(_USERS)
    ]
    assert flags.evaluate("b-three-rules", contexts[5], 0).rule == "three"
    tables = {"checkout": (b"acme/checkout/", (50_000, 80_000, 100_000), ("a", "b", "c"))}

    def floor() -> None:
        for context in contexts:
            prefix, ends, arms = tables["checkout"]
            unit = context["targetingKey"]
            slot = (xxh3_64_intdigest(prefix + unit.encode()) * 100_000) >> 64
            arms[bisect_right(ends, slot)]

    def ask(key: str) -> Callable[[], None]:
        def run() -> None:
            for context in contexts:
                flags.evaluate(key, context, 0)

        return run

    works: dict[str, Callable[[], object]] = {"floor": floor}
    works |= {key: ask(key) for key in _FLAGS}
    report("evaluation, per call", interleaved(works, _USERS), "floor")
    sample = canonical(flags.evaluate("c-split", contexts[0], 0)).decode()
    print(f"  with reason, rule, bucket and metadata: {sample}")


if __name__ == "__main__":
    main()
