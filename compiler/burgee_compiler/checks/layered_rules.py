"""B304, B405, B406, B413: a rule's experiment and the layer that it names."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.paths import canonical_path
from burgee_compiler.checks.hints import Hints
from burgee_compiler.checks.rule_forms import RuleForm, rule_forms
from burgee_compiler.checks.views import FlagView
from burgee_compiler.checks.walk import Path
from burgee_compiler.diagnostics import Diagnostic, Label, Where
from burgee_compiler.model.files import Layer
from burgee_compiler.model.flag import Experiment

__all__ = ["check_layered_rules"]


def check_layered_rules(view: FlagView) -> Iterator[Diagnostic]:
    """Report unknown layers, layers without slots for the rule, and fields that stand against."""
    for path, rule in view.rules:
        for form in rule_forms(path, rule):
            place, experiment = form.get("experiment")
            if experiment is None or experiment.layer is None:
                continue
            place = (*place, "layer")
            yield from _beside(view, form, place)
            layer = view.tenant.files.layers.get(experiment.layer)
            if layer is not None:
                yield from _in_layer(view, form, experiment, layer, place)
            elif view.tenant.files.has_layers:
                yield _unknown(view, experiment.layer, place)


def _unknown(view: FlagView, name: str, path: Path) -> Diagnostic:
    near = Hints(view.tenant.files.layers).near(name)
    file = view.tenant.files.path_of_layers()
    return view.finding(
        "B304",
        f'there is no layer "{name}"',
        path,
        help=f'did you mean "{near}"?' if near else f"declare it in {file}",
    )


def _beside(view: FlagView, form: RuleForm, layer: Path) -> Iterator[Diagnostic]:
    for path, _ in form.all("percentage"):
        yield view.finding(
            "B406",
            f'the rule "{form.rule.name}" has a percentage beside its layer',
            path,
            labels=(Label(view.where(layer), "the layer"),),
            help="remove the percentage: the rule's slots in layers.yaml are its share of users",
        )


def _in_layer(
    view: FlagView, form: RuleForm, experiment: Experiment, layer: Layer, path: Path
) -> Iterator[Diagnostic]:
    name = experiment.layer
    layers = view.tenant.files.path_of_layers()
    claim = f"{view.key}/{form.rule.name}"
    if experiment.status == "running" and not layer.slots.get(claim):
        yield view.finding(
            "B405",
            f'the experiment "{form.rule.name}" runs in the layer {name} and has no slots there',
            path,
            labels=(Label(Where(layers, (str(name),), "key"), "the layer"),),
            help=f"add `{claim}: [[FROM, TO]]` to its slots, in percent, or set `status: draft`",
        )
    place, by = form.get("by")
    if by is not None and canonical_path(by) != canonical_path(layer.by):
        yield view.finding(
            "B413",
            f'the rule "{form.rule.name}" goes by {by}, and its layer {name} by {layer.by}',
            place,
            labels=(Label(Where(layers, (str(name),), "key"), "the layer"),),
            help="remove `by`: experiments of a layer take the layer's",
        )
