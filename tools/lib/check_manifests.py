"""Checks k8s; see tools/manifests."""

import copy
import pathlib
import re
import subprocess
import sys

import kubernetes_validate
import yaml

KUBERNETES = "1.31"
BASE = pathlib.Path("k8s/base")
OVERLAYS = pathlib.Path("k8s/overlays")
GATEWAY = pathlib.Path("bazel-bin/gateway/sip-event-gateway")
BASE_KEYS = {"apiVersion", "kind", "namespace", "resources", "images"}
OVERLAY_KEYS = {"apiVersion", "kind", "resources", "patches"}


def load_base():
    """Returns ({file name: object}, kustomization)."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    return {name: yaml.safe_load((BASE / name).read_text())
            for name in kustomization["resources"]}, kustomization


def load_overlay(directory):
    """Returns ({file name: operations}, kustomization)."""
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    return {patch["path"]: yaml.safe_load((directory / patch["path"]).read_text())
            for patch in kustomization["patches"]}, kustomization


def overlays():
    return sorted(f for f in OVERLAYS.iterdir() if f.is_dir())


def apply(operation, target):
    """Does one operation of RFC 6902, of the three that we use. Raises what Python does."""
    *way, last = operation["path"].lstrip("/").split("/")
    for step in way:
        target = target[int(step)] if isinstance(target, list) else target[step]
    last = int(last) if isinstance(target, list) and last != "-" else last
    match operation["op"]:
        case "add" if last == "-":
            target.append(operation["value"])
        case "replace":
            if isinstance(target, dict) and last not in target:
                raise LookupError("is not there")
            target[last] = operation["value"]
        case "test":
            if target[last] != operation["value"]:
                raise ValueError(f"there is {target[last]!r}")
        case other:
            raise ValueError(f"unknown operation {other}")


def patched(objects, patches, kustomization):
    """Returns (a copy of the objects as the overlay changes them, what it could not change)."""
    objects, found = copy.deepcopy(objects), []
    for patch in kustomization["patches"]:
        targets = [o for o in objects.values() if o["kind"] == patch["target"]["kind"]
                   and o["metadata"]["name"] == patch["target"]["name"]]
        if len(targets) != 1:
            found.append(f"{patch['path']}: its target is not there")
            continue
        for operation in patches[patch["path"]]:
            try:
                apply(operation, targets[0])
            except (ValueError, LookupError, TypeError) as error:
                found.append(f"{patch['path']}: {operation['path']}: {error}")
    return objects, found


def schema_findings(objects):
    for name, item in objects.items():
        try:
            kubernetes_validate.validate(item, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}: {'.'.join(map(str, error.path))}: {error.message}"


def kustomization_findings(directory, kustomization, keys, used):
    """Kustomize itself is no part of Debian: its files are compared with what we use."""
    for key in set(kustomization) - keys:
        yield f"{directory}/kustomization.yaml: unknown field {key}"
    files = {f.name for f in directory.iterdir()} - {"kustomization.yaml"}
    for name in files - set(used):
        yield f"{directory}/kustomization.yaml: {name} is not used"


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
    yield from flag_value_findings(pod)
    yield from network_findings(by_kind)


def arguments(pod):
    """Returns {flag: value}."""
    return dict(re.match(r"--(\w+)=(.*)", a).groups() for a in pod["containers"][0]["args"])


def flag_value_findings(pod):
    """Files that no volume brings, volumes that are not mounted, and ports that do not agree."""
    mounts = pod["containers"][0]["volumeMounts"]
    if sorted(m["name"] for m in mounts) != sorted(v["name"] for v in pod["volumes"]):
        yield "stateful-set.yaml: volumes and volumeMounts differ"
    directories = tuple(m["mountPath"] + "/" for m in mounts)
    for flag, value in arguments(pod).items():
        if value.startswith("/") and not value.startswith(directories):
            yield f"stateful-set.yaml: --{flag}: no volume brings {value}"
    listening = {int(port) for flag, value in arguments(pod).items() if flag.endswith("_listen")
                 for port in re.findall(r":(\d+)(?:,|$)", value)}
    if listening != {p["containerPort"] for p in pod["containers"][0]["ports"]}:
        yield "stateful-set.yaml: ports and the gateway's --*_listen differ"


def network_findings(by_kind):
    """The gateway may send where the NetworkPolicy lets it, and nowhere else."""
    pod = by_kind["StatefulSet"][0]["spec"]["template"]["spec"]
    allowed = set(arguments(pod).get("sip_allowed_destinations", "").split(","))
    reachable = {peer["ipBlock"]["cidr"] for n in by_kind["NetworkPolicy"]
                 for rule in n["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer}
    if allowed != reachable:
        yield "--sip_allowed_destinations and the egress of the NetworkPolicy differ"


def findings(objects):
    # Without its shape there is no looking into it.
    return [*schema_findings(objects)] or [*reference_findings(objects)]


def base_findings(objects, kustomization):
    return findings(objects) + [*kustomization_findings(BASE, kustomization, BASE_KEYS, objects)]


def overlay_findings(directory, objects, patches, kustomization):
    changed, found = patched(objects, patches, kustomization)
    found += kustomization_findings(directory, kustomization, OVERLAY_KEYS, patches)
    return found or [f"{directory}: {finding}" for finding in findings(changed)]


def check_schemas():
    objects, kustomization = load_base()
    found = base_findings(objects, kustomization)
    for directory in overlays():
        found += overlay_findings(directory, objects, *load_overlay(directory))
    print("\n".join(found) or f"{len(objects)} objects, also with {len(overlays())} overlay, are "
          f"valid for Kubernetes {KUBERNETES}")
    return not found


def pod_of(objects):
    return objects["stateful-set.yaml"]["spec"]["template"]["spec"]


def base_breaks():
    """Yields (what is wrong, a function that makes it so)."""
    def service(objects):
        return objects["service-sip.yaml"]["spec"]

    def container(objects):
        return pod_of(objects)["containers"][0]

    yield "an unknown field", lambda o: service(o).update(publishNotReady=True)
    yield "a field in the wrong case", lambda o: service(o).update(clusterIp="None")
    yield "an unknown field deep inside", lambda o: container(o)["livenessProbe"].update(httpget={})
    yield "a value of the wrong type", lambda o: pod_of(o).update(
        terminationGracePeriodSeconds="60s")
    yield "a missing required field", lambda o: container(o).pop("name")
    yield "a port that is not there", lambda o: service(o)["ports"][0].update(targetPort="sipudp")
    yield "a selector that selects nothing", lambda o: service(o).update(selector={"app": "other"})
    yield "a file that no volume brings", lambda o: container(o)["args"].append("--config=/etc/c")
    yield "a listener without a port", lambda o: container(o)["ports"][3].update(
        containerPort=5070)
    yield "a network that is cut off", lambda o: container(o)["args"].append(
        "--sip_allowed_destinations=203.0.113.0/24")


def overlay_breaks():
    yield "a patch that misses its place", lambda o: o["stateful-set.yaml"].insert(
        0, {"op": "test", "path": "/spec/replicas", "value": 7})
    yield "a patch of what is not there", lambda o: o["service-sip.yaml"].append(
        {"op": "replace", "path": "/spec/port", "value": 1})
    yield "a patch that breaks the schema", lambda o: o["service-sip.yaml"].append(
        {"op": "add", "path": "/spec/ports/-", "value": {"prot": 5062}})
    yield "a patch that leaves out a volume", lambda o: o["stateful-set.yaml"].pop()


def check_self():
    """Breaks the manifests in turn and demands that each break is found."""
    results = []
    for name, change in base_breaks():
        objects, kustomization = load_base()
        change(objects)
        results.append((name, base_findings(objects, kustomization)))
    for directory in overlays():
        for name, change in overlay_breaks():
            patches, kustomization = load_overlay(directory)
            change(patches)
            objects, _ = load_base()
            results.append((name, overlay_findings(directory, objects, patches, kustomization)))
    for name, found in results:
        print(f"{name}: {found[0] if found else 'NOT FOUND'}")
    return all(found for _, found in results)


def check_flags():
    objects, _ = load_base()
    used = set(arguments(pod_of(objects)))
    for directory in overlays():
        used |= set(arguments(pod_of(patched(objects, *load_overlay(directory))[0])))
    # Abseil's --help ends with a status of its own.
    text = subprocess.run((GATEWAY, "--help"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False).stdout
    unknown = used - set(re.findall(r"--(\w+)", text))
    for flag in sorted(unknown):
        print(f"stateful-set.yaml: the gateway has no flag --{flag}")
    if not unknown:
        print(f"the gateway has all {len(used)} flags")
    return not unknown


CHECKS = {"schemas": check_schemas, "self-test": check_self, "flags": check_flags}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: tools/manifests {'|'.join(CHECKS)}")
    sys.exit(0 if CHECKS[sys.argv[1]]() else 1)
