"""Which part of the project may see which: the walls of docs/adr and CONTRIBUTING.md, as rules.

A *place* is a folder, or a single file or target that has rules of its own. The same rules are
applied to `#include` lines and to edges of the build graph.
"""

import pathlib
import re

# Place -> the places of the project that it may use, besides itself. The longest prefix that
# fits says where a file belongs.
MAY_USE = {
    "api": [],
    # Names and numbers of the contract, nothing of protobuf.
    "api/sipevents/v1/field_numbers": [],
    "sip/base": [],
    "sip/body": ["sip/base", "sip/document"],
    "sip/packages": ["sip/base", "sip/agent", "sip/body", "sip/document",
                     "api/sipevents/v1/field_numbers"],
    "sip/compose": ["sip/base", "sip/body", "sip/document", "sip/packages"],
    "sip/auth": ["sip/agent", "sip/base", "sip/user_directory"],
    "sip/dialog": ["sip/base", "sip/explanation"],
    "sip/transport": ["sip/base", "sip/agent"],
    "sip/location": ["sip/base", "sip/agent", "sip/transport"],
    "sip/dispatch": ["sip/base", "sip/agent", "sip/dialog", "sip/explanation", "sip/location",
                     "sip/transport"],
    "sip/stack": ["sip/base", "sip/agent", "sip/dialog", "sip/dispatch", "sip/explanation",
                  "sip/location", "sip/transport"],
    "sip/subscriber": ["sip/base", "sip/agent", "sip/auth", "sip/body", "sip/dialog",
                       "sip/document", "sip/explanation", "sip/packages"],
    # What follows a response is the same for subscriptions and registrations.
    "sip/subscriber/retry_policy": ["sip/base", "sip/dialog"],
    # So is where a redirection leads, and what is remembered of nonces, for publications.
    "sip/subscriber/redirections": ["sip/base"],
    "sip/subscriber/digest_cache": ["sip/auth"],
    "sip/registration": ["sip/agent", "sip/auth", "sip/base", "sip/dialog",
                         "sip/subscriber/retry_policy"],
    # The border: plain structs that gateway/ and the roles of sip/ share.
    "sip/agent": ["sip/document", "sip/explanation"],
    "sip/explanation": [],
    "sip/publication": [],
    "sip/event_server": [],
    "sip/user_directory": [],
    "sip/document": [],
    "sip/publisher": ["sip/agent", "sip/auth", "sip/base", "sip/dialog", "sip/publication",
                      "sip/subscriber/digest_cache", "sip/subscriber/redirections",
                      "sip/subscriber/retry_policy"],
    "sip/compositor": ["sip/agent", "sip/base", "sip/compose", "sip/dialog", "sip/event_server"],
    "sip/notifier": ["sip/agent", "sip/auth", "sip/base", "sip/compose", "sip/compositor",
                     "sip/dialog", "sip/event_server", "sip/packages"],
    # Picks the roles and the threads.
    "sip": ["sip/agent", "sip/auth", "sip/base", "sip/body", "sip/compose", "sip/compositor",
            "sip/dialog", "sip/document", "sip/event_server", "sip/location", "sip/notifier",
            "sip/packages", "sip/publication", "sip/publisher", "sip/registration", "sip/stack",
            "sip/subscriber", "sip/transport", "sip/user_directory"],
    "gateway": ["api", "sip/agent", "sip/base", "sip/compose", "sip/document", "sip/event_server",
                "sip/explanation", "sip/publication", "sip/user_directory"],
    # The only place of the gateway that picks concrete classes.
    "gateway/main": ["api", "gateway", "sip", "sip/agent", "sip/base", "sip/compose",
                     "sip/document", "sip/event_server", "sip/explanation", "sip/publication",
                     "sip/user_directory"],
    "clients": ["api"],
    # Shares no parser and no types of SIP with what it tests.
    "tests/peer": ["sip/base", "tests"],
    # Real processes, spoken to over the network only.
    "tests/scenarios": ["api", "clients", "sip/base", "tests", "tests/peer"],
    "tests/interop": ["api", "clients", "sip/base", "tests", "tests/peer",
                      "tests/scenarios"],
    "tests": None,  # anything
    "tools": None,
    "third_party": None,
}

# A place that is part of another one may use it and be used by it as the other one may.
PART_OF = {"gateway/main": "gateway", "sip/subscriber/digest_cache": "sip/subscriber",
           "sip/subscriber/redirections": "sip/subscriber",
           "sip/subscriber/retry_policy": "sip/subscriber"}

# Targets whose name does not say which file they are made of.
MADE_OF = {"gateway/sip-event-gateway": "gateway/main"}

# Foreign header or library -> the places that may use it.
FOREIGN = [
    (re.compile(r"^sofia-(sip|resolv)/|^@sofia_sip//"), ["sip/location", "sip/stack", "sip/transport", "tests/bench", "tests/fuzz",
      "tests/sip/stack"]),
    (re.compile(r"^grpc|^google/|\.pb\.h$|^@googleapis//|"
                r"^//third_party:(grpc|grpc_reflection|protobuf)$"),
     ["api", "gateway", "clients", "tests"]),
    (re.compile(r"^pugixml|^//third_party:pugixml$"), ["sip/body", "sip/compose", "sip/packages", "tests/bench"]),
    (re.compile(r"^prometheus/|^//third_party:prometheus$"), ["gateway/telemetry", "tests"]),
    (re.compile(r"^httplib\.h|^//third_party:httplib$"), ["gateway", "tests"]),
]

MAX_LINES = 450  # One file is one idea.

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.MULTILINE)
EDGE = re.compile(r'^\s*"([^"]+)" -> "([^"]+)"$', re.MULTILINE)


def place_of(path):
    """Returns the place of a file (`sip/base/log.h`) or of a target (`sip/base/log`)."""
    name = MADE_OF.get(path, re.sub(r"\.(cc|h|pb\.h|proto)$", "", path))
    if path.startswith("sipevents/v1/"):  # generated; included by this name
        return "api"
    while name:
        if name in MAY_USE:
            return name
        name = name.rpartition("/")[0]
    return None


def inside(place, folder):
    return place == folder or place.startswith(folder + "/")


def why_not(user, used):
    """Returns why a file or target may not use another one, or None if it may."""
    place = place_of(user)
    if place is None:
        return f"{user}: no rule says where it belongs"
    for pattern, allowed in FOREIGN:
        if pattern.search(used) and not used.startswith("google/rpc/code"):
            if not any(inside(user, folder) for folder in allowed):
                return f"{user} uses {used}: only {', '.join(allowed)} may"
            return None
    target = place_of(used)
    if target is None or MAY_USE[place] is None:
        return None
    own = {place, PART_OF.get(place, place)}
    if target in own or PART_OF.get(target) in own or target in MAY_USE[place]:
        return None
    return f"{user} uses {used}: {place} may use {', '.join(MAY_USE[place]) or 'nothing else'}"


def check_file(path, text):
    """Yields what is wrong with one source file."""
    for used in INCLUDE.findall(text):
        found = why_not(path, used)
        if found:
            yield found
    lines = text.count("\n")
    if lines > MAX_LINES:
        yield f"{path} has {lines} lines: split it, one idea a file (at most {MAX_LINES})"


def check_tree(root):
    """Yields what is wrong with the sources below a folder; at least one file must be there."""
    seen = False
    for folder in ("api", "clients", "gateway", "sip", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cc") and path.is_file():
                seen = True
                yield from check_file(str(path.relative_to(root)),
                                      path.read_text(encoding="utf-8"))
    if not seen:
        yield f"no sources below {root}"


def as_path(label):
    """`//sip/base:log` -> `sip/base/log`; labels of other repositories stay as they are."""
    if label.startswith("//") and not label.startswith("//third_party"):
        return label[2:].replace(":", "/").lstrip("/")
    return label


def check_graph(text):
    """Yields what is wrong with a build graph (Bazel's `--output=graph`)."""
    edges = EDGE.findall(text)
    if not edges:
        yield "the build graph has no edges"
    for user, used in edges:
        # Files are looked at by their #include lines.
        if not user.startswith("//") or user.startswith(("//third_party", "//api")):
            continue
        if re.search(r"\.(cc|h|proto|bzl)$", used):
            continue
        found = why_not(as_path(user), as_path(used))
        if found:
            yield found


def check(root, graph):
    return [*check_tree(pathlib.Path(root)), *check_graph(pathlib.Path(graph).read_text())]
