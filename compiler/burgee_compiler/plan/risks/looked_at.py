"""What a risk looks at: one flag's change in one environment."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from burgee.snapshot.forms import RuleForm
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic
from burgee_compiler.plan.report import EnvironmentPlan, FlagPlan
from burgee_compiler.plan.side import Side

__all__ = ["LookedAt"]


class LookedAt(Struct, frozen=True):
    """A flag before and after in one environment, and what the plan says of it."""

    flag: FlagPlan
    plan: EnvironmentPlan
    before: Side | None
    after: Side | None
    now: int

    @property
    def rules(self) -> list[tuple[RuleForm, RuleForm | None]]:
        """Rules in force before, each with what it is after; a renamed one by its earlier name."""
        if self.before is None:
            return []
        later = {} if self.after is None else self.after.form_rules(self.now)
        renamed = {}
        if self.after is not None:
            names = {rule.was: rule.name for rule in self.after.at(self.now).rules if rule.was}
            renamed = {was: later[name] for was, name in names.items() if name in later}
        earlier = self.before.form_rules(self.now)
        return [(rule, later.get(name) or renamed.get(name)) for name, rule in earlier.items()]

    def finding(
        self, code: str, message: str, help: str, rule: str | None = None, field: str = ""
    ) -> Diagnostic:
        """Return a risk at a rule, at a field of the flag, or at the flag."""
        return diagnostic(
            code,
            message,
            self.place(rule, field),
            help=help,
            subject=f"{self.flag.tenant}/{self.flag.flag}",
        )

    def place(self, rule: str | None, field: str) -> Where:
        """Return where a rule or a field stands in the file as it is after the change."""
        side = self.after
        path: tuple[str | int, ...] = (field,) if field else ()
        if side is not None and rule is not None:
            names = [each.name for each in side.flag.rules]
            if rule in names:
                path = ("rules", names.index(rule))
        part: Literal["value", "key"] = "key" if field and rule is None else "value"
        return Where(self.flag.file, path, part if path else "value")
