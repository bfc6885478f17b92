"""Checks k8s/base; see tools/manifests."""

import copy
import pathlib
import re
import subprocess
import sys

import kubernetes_validate
import yaml

KUBERNETES = "1.31"
BASE = pathlib.Path("k8s/base")
GATEWAY = pathlib.Path("bazel-bin/gateway/sip-event-gateway")
KUSTOMIZATION_KEYS = {"apiVersion", "kind", "namespace", "resources", "images"}


def load():
    """Returns ({file name: object}, kustomization)."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    return {name: yaml.safe_load((BASE / name).read_text())
            for name in kustomization["resources"]}, kustomization


def schema_findings(objects):
    for name, item in objects.items():
        try:
            kubernetes_validate.validate(item, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}: {'.'.join(map(str, error.path))}: {error.message}"


def kustomization_findings(kustomization):
    """Kustomize itself is no part of Debian: its one file is compared with what we use."""
    for key in set(kustomization) - KUSTOMIZATION_KEYS:
        yield f"kustomization.yaml: unknown field {key}"
    files = {f.name for f in BASE.iterdir()} - {"kustomization.yaml"}
    for name in files - set(kustomization["resources"]):
        yield f"kustomization.yaml: {name} is not among the resources"


def reference_findings(objects):
    """What a schema does not see: names that one object uses of another."""
    by_kind = {}
    for item in objects.values():
        by_kind.setdefault(item["kind"], []).append(item)
    stateful_set = by_kind["StatefulSet"][0]["spec"]
    labels = stateful_set["template"]["metadata"]["labels"].items()
    pod = stateful_set["template"]["spec"]
    ports = {p["name"]: p.get("protocol", "TCP") for p in pod["containers"][0]["ports"]}
    services = {s["metadata"]["name"] for s in by_kind["Service"]}
    if stateful_set["serviceName"] not in services:
        yield "stateful-set.yaml: serviceName names no Service"
    if pod["serviceAccountName"] not in {a["metadata"]["name"] for a in by_kind["ServiceAccount"]}:
        yield "stateful-set.yaml: serviceAccountName names no ServiceAccount"
    selectors = [("Service", s["spec"]["selector"]) for s in by_kind["Service"]]
    selectors += [("PodDisruptionBudget", b["spec"]["selector"]["matchLabels"])
                  for b in by_kind["PodDisruptionBudget"]]
    selectors += [("NetworkPolicy", n["spec"]["podSelector"]["matchLabels"])
                  for n in by_kind["NetworkPolicy"]]
    selectors.append(("StatefulSet", stateful_set["selector"]["matchLabels"]))
    for kind, selector in selectors:
        if not selector or not selector.items() <= labels:
            yield f"{kind}: its selector does not select the gateway's pods"
    used = [(p["targetPort"], p.get("protocol", "TCP"))
            for s in by_kind["Service"] for p in s["spec"]["ports"]]
    used += [(p["port"], p["protocol"]) for n in by_kind["NetworkPolicy"]
             for rule in n["spec"]["ingress"] for p in rule["ports"]]
    used += [(pod["containers"][0][probe]["httpGet"]["port"], "TCP")
             for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    for name, protocol in used:
        if ports.get(name) != protocol:
            yield f"the pod has no port {name}/{protocol}"


def findings(objects, kustomization):
    found = [*schema_findings(objects), *kustomization_findings(kustomization)]
    # Without its shape there is no looking into it.
    return found or [*reference_findings(objects)]


def check_schemas():
    objects, kustomization = load()
    found = findings(objects, kustomization)
    print("\n".join(found) or f"{len(objects)} objects are valid for Kubernetes {KUBERNETES}")
    return not found


def check_self():
    """Breaks the manifests in turn and demands that each break is found."""
    def service(objects):
        return objects["service-sip.yaml"]["spec"]

    def pod(objects):
        return objects["stateful-set.yaml"]["spec"]["template"]["spec"]

    breaks = {
        "an unknown field": lambda o: service(o).update(publishNotReady=True),
        "a field in the wrong case": lambda o: service(o).update(clusterIp="None"),
        "an unknown field deep inside": lambda o: pod(o)["containers"][0]["livenessProbe"].update(
            httpget={}),
        "a value of the wrong type": lambda o: pod(o).update(terminationGracePeriodSeconds="60s"),
        "a missing required field": lambda o: pod(o)["containers"][0].pop("name"),
        "a port that is not there": lambda o: service(o)["ports"][0].update(targetPort="sipudp"),
        "a selector that selects nothing": lambda o: service(o).update(selector={"app": "other"}),
    }
    missed = []
    for name, change in breaks.items():
        objects, kustomization = load()
        broken = copy.deepcopy(objects)
        change(broken)
        found = findings(broken, kustomization)
        print(f"{name}: {found[0] if found else 'NOT FOUND'}")
        if not found:
            missed.append(name)
    return not missed


def check_flags():
    objects, _ = load()
    pod = objects["stateful-set.yaml"]["spec"]["template"]["spec"]
    used = [re.match(r"--(\w+)", a).group(1) for a in pod["containers"][0]["args"]]
    # Abseil's --help ends with a status of its own.
    text = subprocess.run((GATEWAY, "--help"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False).stdout
    known = set(re.findall(r"--(\w+)", text))
    unknown = [flag for flag in used if flag not in known]
    for flag in unknown:
        print(f"stateful-set.yaml: the gateway has no flag --{flag}")
    if not unknown:
        print(f"the gateway has all {len(used)} flags")
    return not unknown


CHECKS = {"schemas": check_schemas, "self-test": check_self, "flags": check_flags}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: tools/manifests {'|'.join(CHECKS)}")
    sys.exit(0 if CHECKS[sys.argv[1]]() else 1)
