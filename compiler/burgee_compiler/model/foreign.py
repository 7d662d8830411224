"""What other systems call things, and how it is written here, for those who come from them."""

from __future__ import annotations

from typing import Final

__all__ = ["FOREIGN_FIELDS", "FOREIGN_OPERATORS", "FOREIGN_STEPS"]

FOREIGN_FIELDS: Final = {
    "key": "remove it: a flag's key is its path below flags/, with dots for slashes",
    "id": "remove it: a flag's key is its path below flags/, with dots for slashes",
    "enabled": "write `state: on` or `state: off`",
    "disabled": "write `state: on` or `state: off`",
    "active": "write `state: on` or `state: off`",
    "defaultVariant": "write `default: VARIANT`",
    "default_variant": "write `default: VARIANT`",
    "defaultRule": "write `default: VARIANT`",
    "fallthrough": "write `default: VARIANT`",
    "targeting": "write `rules:`, each with a name, a condition (`when`) and what it serves",
    "strategies": "write `rules:`, each with a name, a condition (`when`) and what it serves",
    "percentage": "write `default: {serve: VARIANT, percentage: NUMBER}`, or put it into a rule",
    "rollout": "write `default: {serve: VARIANT, percentage: NUMBER}`, or put it into a rule",
    "variations": "write `variants:`, a mapping of names to `{value: VALUE}`",
    "prerequisites": "write `requires: [{flag: KEY, serves: [VARIANT]}]`",
}
"""Of a flag."""

_WHOLE: Final = "a step sets whole fields: `set: {default: {serve: VARIANT, percentage: NUMBER}}`"
FOREIGN_STEPS: Final = {
    **dict.fromkeys(("percentage", "serve", "split", "default.percentage"), _WHOLE),
    "when": "give the rule whose condition it is a `schedule` of its own",
}
"""Of what a step of a flag's schedule sets."""

_AS_KEY: Final = "the operator itself is the key: {attribute: plan, in: [pro, team]}"
FOREIGN_OPERATORS: Final = {
    **dict.fromkeys(("==", "=", "===", "equals", "equal", "is"), "write `eq: VALUE`"),
    **dict.fromkeys(("!=", "<>", "ne", "not_equals", "is_not"), "write `neq: VALUE`"),
    **dict.fromkeys((">", "greater_than"), "write `gt: NUMBER`"),
    **dict.fromkeys((">=", "ge"), "write `gte: NUMBER`"),
    **dict.fromkeys(("<", "less_than"), "write `lt: NUMBER`"),
    **dict.fromkeys(("<=", "le"), "write `lte: NUMBER`"),
    **dict.fromkeys(("one_of", "any_of", "isoneof"), "write `in: [A, B]`"),
    **dict.fromkeys(("not_in", "notin", "isnotoneof"), "write `nin: [A, B]`"),
    **dict.fromkeys(("matches", "match", "~", "=~", "pattern"), "write `regex: PATTERN`"),
    **dict.fromkeys(("operator", "op", "value", "values", "comparator"), _AS_KEY),
}
"""Of a condition on an attribute, in lower case."""
