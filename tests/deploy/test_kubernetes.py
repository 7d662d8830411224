"""Promise: manifests and chart are valid for Kubernetes, say the same, run without rights, and
start our programs with options and variables that there are.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from burgee_edge.settings import TABLE as EDGE
from burgee_http.settings import SettingsTable
from burgee_writer.settings import TABLE as WRITER
from support.command import environment
from support.dockerfile import read_dockerfile
from support.offered import wrong_with
from support.process import ROOT
from support.servers.programs import program

FOLDER = ROOT / "deploy" / "kubernetes"
CHART = ROOT / "deploy" / "helm" / "burgee"
PARTS = ("edge", "writer", "publisher", "network")
WORKLOADS = ("edge", "writer", "publisher")
ALL = [f"{part}.yaml" for part in PARTS] + ["namespace.yaml"]
HELM = ("template", "burgee", CHART, "--namespace", "burgee", "--kube-version", "1.34.0")


@cache
def documents(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [each for each in yaml.safe_load_all(text) if each]


def one(part: str, *kinds: str) -> dict[str, Any]:
    (found,) = (each for each in documents(f"{part}.yaml") if each["kind"] in kinds)
    return found


def pod(part: str) -> dict[str, Any]:
    spec: dict[str, Any] = one(part, "Deployment", "StatefulSet")["spec"]["template"]["spec"]
    return spec


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [program("helm"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(*arguments: str) -> list[dict[str, Any]]:
    done = helm(*HELM, *arguments)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_manifests_are_valid(version: str, tmp_path: Path) -> None:
    files = [FOLDER / each for each in [*ALL, "secrets.example.yaml"]]
    command: list[str | Path] = [program("kubernetes-validate"), "--strict", "-k", version]
    command += files
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" passed ") + done.stderr.count(" passed ") == 21
    broken = tmp_path / "broken.yaml"
    text = (FOLDER / "edge.yaml").read_text(encoding="utf-8")
    broken.write_text(text.replace("minReadySeconds: 5", "minReadySecs: 5"), encoding="utf-8")
    refused = subprocess.run([*command[: -len(files)], broken], capture_output=True, check=False)
    assert refused.returncode != 0, "the schemas do bite"


def test_manifests_are_what_the_chart_makes() -> None:
    made = rendered()
    ours = [each for part in PARTS for each in documents(f"{part}.yaml")]
    assert sorted(map(json.dumps, made)) == sorted(map(json.dumps, ours)), "run `make manifests`"


def test_the_chart_is_sound() -> None:
    done = helm("lint", "--strict", "--kube-version", "1.34.0", CHART)
    assert done.returncode == 0, done.stdout


def test_the_chart_can_do_less_and_more() -> None:
    few = rendered("--set", "writer.enabled=false,publisher.enabled=false,eventsSecret=")
    assert {each["metadata"]["name"] for each in few} == {"burgee-edge"}
    assert "EVENTS_SECRET" not in json.dumps(few)
    more = rendered("--set", "wake=redis://redis:6379,trustFiles={old.pub,new.pub}")
    text = json.dumps(more)
    assert text.count("redis://redis:6379") == 2, "nodes listen where the publisher calls"
    guarded = json.dumps(rendered("--set", "wake=redis://redis:6379,wakePasswordSecret=called"))
    names = re.findall(r'"(BURGEE_\w+)", "valueFrom": [^}]*"name": "called"', guarded)
    assert set(names) == {
        "BURGEE_NOTIFY_PASSWORD",
        "BURGEE_EDGE_WAKE_PASSWORD",
    }
    assert "/etc/burgee/trust/old.pub,/etc/burgee/trust/new.pub" in text
    rotated = json.dumps(rendered("--set", "signingFiles={old.key,new.key}"))
    signs = '"--sign", "/etc/burgee/signing/old.key", "--sign", "/etc/burgee/signing/new.key"'
    assert signs in rotated


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("edge.replica=3", "replica"),
        ("store.target=flags", "target"),
        ("edge.settings.insecure=true", "insecure"),
        ("writer.storage.size=5", "size"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(given: str, told: str) -> None:
    done = helm(*HELM, "--set", given)
    assert done.returncode != 0
    assert told in done.stderr


@pytest.mark.parametrize("part", WORKLOADS)
def test_pods_run_without_rights(part: str) -> None:
    """What the standard "restricted" of Kubernetes asks for, and more."""
    spec = pod(part)
    assert spec["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    context = spec["securityContext"]
    assert context["runAsNonRoot"] is True
    user = read_dockerfile(ROOT / "deploy" / "Dockerfile")["edge"].last("USER")
    assert f"{context['runAsUser']}:{context['runAsGroup']}" == user
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= container["resources"].keys()
    assert "memory" in container["resources"]["limits"]
    account = one(part, "ServiceAccount")
    assert account["metadata"]["name"] == spec["serviceAccountName"]
    assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("part", WORKLOADS)
def test_what_is_mounted_is_there(part: str) -> None:
    spec = pod(part)
    (container,) = spec["containers"]
    claims = one(part, "Deployment", "StatefulSet")["spec"].get("volumeClaimTemplates", [])
    volumes = {each["name"] for each in spec["volumes"]}
    volumes |= {each["metadata"]["name"] for each in claims}
    assert {each["name"] for each in container["volumeMounts"]} == volumes
    examples = {each["metadata"]["name"]: each for each in documents("secrets.example.yaml")}
    named = re.findall(r'"(?:secretName|name)": "(burgee-(?:[a-z-]+))"', json.dumps(spec))
    named = [each for each in named if each not in {f"burgee-{one}" for one in WORKLOADS}]
    assert named
    assert set(named) <= examples.keys()
    for volume in spec["volumes"]:
        source = volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get(
            "name"
        )
        (at,) = (m["mountPath"] for m in container["volumeMounts"] if m["name"] == volume["name"])
        for file in re.findall(rf"{at}/([\w.]+)", json.dumps(container)) if source else ():
            assert file in (examples[source].get("stringData") or examples[source]["data"])


@pytest.mark.parametrize("part", WORKLOADS)
def test_programs_are_started_with_what_they_take(part: str) -> None:
    (container,) = pod(part)["containers"]
    assert wrong_with(container["args"]) is None
    tables: dict[str, SettingsTable] = {"edge": EDGE, "writer": WRITER}
    given = {each["name"] for each in container.get("env", [])}
    if part in tables:
        known = {tables[part].variable(each) for each in tables[part].settings}
        assert given
        assert given <= known
    port = container["ports"][0]["containerPort"]
    image = read_dockerfile(ROOT / "deploy" / "Dockerfile")["edge" if part == "edge" else "full"]
    inside = {**image.environment()}.get(f"BURGEE_{part.upper()}_PORT")
    assert inside in (None, str(port))
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == container["ports"][0]["name"]
    annotations = one(part, "Deployment", "StatefulSet")["spec"]["template"]["metadata"]
    assert annotations["annotations"]["prometheus.io/port"] == str(port)


def test_git_gets_the_token_of_the_file(tmp_path: Path) -> None:
    (container,) = pod("publisher")["containers"]
    (tmp_path / "token").write_text("s3cret\n", encoding="utf-8")
    given = {each["name"]: each["value"] for each in container["env"]}
    moved = {
        name: text.replace("/etc/burgee/repository", f"{tmp_path}") for name, text in given.items()
    }
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=git.example\n\n",
        env=environment(**moved),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "password=s3cret\n" in done.stdout


def test_nodes_stay_while_others_go() -> None:
    deployment, budget = one("edge", "Deployment"), one("edge", "PodDisruptionBudget")
    scaler = one("edge", "HorizontalPodAutoscaler")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert scaler["spec"]["minReplicas"] >= 2
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    spec = pod("edge")
    (container,) = spec["containers"]
    (grace,) = (e["value"] for e in container["env"] if e["name"] == "BURGEE_EDGE_GRACE_SECONDS")
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= waits + float(grace) + 5
    keys = {each["topologyKey"] for each in spec["topologySpreadConstraints"]}
    assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def test_each_part_has_a_policy_of_its_network() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in documents("network.yaml")}
    assert policies.keys() == {f"burgee-{part}" for part in WORKLOADS}
    for part in WORKLOADS:
        spec = policies[f"burgee-{part}"]
        labels = one(part, "Deployment", "StatefulSet")["spec"]["template"]["metadata"]["labels"]
        assert spec["podSelector"]["matchLabels"].items() <= labels.items()
        assert spec["policyTypes"] == ["Ingress", "Egress"]
    open_to_all = [
        name for name, spec in policies.items() if any("from" not in i for i in spec["ingress"])
    ]
    assert open_to_all == ["burgee-edge"]
