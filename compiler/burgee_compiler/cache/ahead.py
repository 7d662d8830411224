"""Work done ahead of its turn, so that two processes can share it.

What is checked or compiled here goes into the memo, and the ordinary way, which then finds it
there, is the same with and without. A helper checks and compiles its share of the flags.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from burgee_compiler.broken import flags_named
from burgee_compiler.checks.run import check_flags
from burgee_compiler.emit import emit_tenant
from burgee_compiler.flag_tests import run_tests
from burgee_compiler.memo import Checked, FlagRecord, TestRecord
from burgee_compiler.repository import Repository, SourceFile, TenantFiles

__all__ = ["Compiled", "Keys", "check_share", "compile_share", "compiled", "take_over"]

Keys = Mapping[str, Collection[str]]
"""Keys of flags by tenant."""


class Compiled(Struct, array_like=True):
    """Forms and tests by key, of one tenant in one environment."""

    tenant: str
    environment: str
    flags: dict[str, FlagRecord]
    tests: dict[str, tuple[TestRecord, ...]]


def check_share(repository: Repository, keys: Keys) -> dict[str, dict[str, Checked]]:
    """Check some flags; return what came of it, by tenant and path."""
    made: dict[str, dict[str, Checked]] = {}
    for name, share in keys.items():
        files = repository.tenants.get(name)
        if files is not None:
            check_flags(repository, files, share)
            known = {file.path: files.memo.checked(file.path) for file in _files(files, share)}
            made[name] = {path: each for path, each in known.items() if each is not None}
    return made


def compile_share(repository: Repository, keys: Keys) -> None:
    """Compile and test some flags of a repository in which all is sound."""
    environments = () if repository.burgee is None else repository.burgee.environments
    for environment in environments:
        for name, share in keys.items():
            files = repository.tenants[name]
            wanted = frozenset(share)
            forms = emit_tenant(files, environment, only=_with_needs(files, wanted))
            for _ in run_tests(files, forms, only=wanted):
                pass


def _with_needs(files: TenantFiles, keys: Collection[str]) -> set[str]:
    """Return `keys` and all flags that they depend on, which their tests may ask."""
    reached, stack = set(keys), list(keys)
    while stack:
        more = [key for key in flags_named(files, files.flags[stack.pop()]) if key not in reached]
        reached.update(more)
        stack += more
    return reached


def compiled(repository: Repository, keys: Keys) -> list[Compiled]:
    """Return what `compile_share` left in the memo."""
    environments = () if repository.burgee is None else repository.burgee.environments
    made: list[Compiled] = []
    for name, share in keys.items():
        for environment in environments:
            memo = repository.tenants[name].memo.environment(environment)
            forms = {key: memo.flag(key) for key in share}
            tests = {key: memo.tests(key) for key in share}
            made.append(
                Compiled(
                    name,
                    environment,
                    {key: each for key, each in forms.items() if each is not None},
                    {key: tuple(each) for key, each in tests.items() if each is not None},
                )
            )
    return made


def take_over(repository: Repository, made: Collection[Compiled]) -> None:
    """Put into the memo what a helper compiled."""
    for each in made:
        memo = repository.tenants[each.tenant].memo.environment(each.environment)
        for key, record in each.flags.items():
            memo.keep_flag(key, record)
        for key, tests in each.tests.items():
            memo.keep_tests(key, tests)


def _files(files: TenantFiles, keys: Collection[str]) -> list[SourceFile]:
    return [files.flags[key] for key in keys if key in files.flags]
