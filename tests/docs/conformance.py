"""What docs/conformance.md must be: every requirement once, and every test it names a real one."""

import pathlib
import re

STATUSES = ("done", "not applicable", "open")

# Groups whose rows may still be open: what later versions bring.
MAY_BE_OPEN = ("PKG", "RLS", "CEN", "RATE", "OUT", "AUTH", "TLS", "LOC", "OVL", "IP6")

# Requirement group -> the numbers of its rows.
NUMBERED = {
    "SUB": 61, "GEN": 20, "PKG": 20, "SEC": 9, "DEV": 18, "RLS": 10, "CEN": 9, "RATE": 6,
    "GRUU": 3, "OUT": 4, "AUTH": 8, "TLS": 8, "LOC": 6, "OVL": 7, "IP6": 6, "TOR": 24, "RETRY": 6,
    "NOT": 48, "EPA": 20, "ESC": 26,
}
# Response codes, as an answer to the first SUBSCRIBE and to a refresh.
CODES = ("200 204 3xx 400 401 402 403 404 405 406 408 410 413 414 415 416 420 421 423 430 480 481 "
         "482 483 484 486 487 488 489 491 493 500 501 502 503 504 505 513 600 604 xyz none").split()
TIMERS = "E F J K N INVITE".split()
# What has one line for all its rows.
WHOLE_GROUPS = ("PRX",)


def all_ids():
    """Returns the ids that the page must have."""
    ids = {f"{group}-{n:02d}" for group, last in NUMBERED.items() for n in range(1, last + 1)}
    ids |= {f"ALG-{letter}" for letter in "ABCDE"}
    ids |= {f"CODE-{code}" for code in CODES} | {f"TIMER-{timer}" for timer in TIMERS}
    return ids | {"TOR-RFC"} | set(WHOLE_GROUPS)


def rows_of(page):
    """Yields the cells of each row whose first cell is an id."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and re.fullmatch(r"[A-Z0-9]{3,5}(-\w+)?", cells[0]) and cells[0] != "ID":
            yield cells


class BuildFiles:
    """Reads BUILD files as the Python that they nearly are."""

    def __init__(self, root):
        self._root = pathlib.Path(root)
        self._packages = {}

    def sources_of(self, label):
        """Returns the text of all sources of a test target, or None if there is no such test."""
        match = re.fullmatch(r"//([\w/]+):([\w-]+)", label)
        if not match:
            return None
        package, name = match.groups()
        sources = self._tests_in(package).get(name)
        if sources is None:
            return None
        files = [self._root / package / source for source in sources]
        return "\n".join(f.read_text(encoding="utf-8") for f in files if f.is_file())

    def _tests_in(self, package):
        if package not in self._packages:
            self._packages[package] = self._read(self._root / package / "BUILD")
        return self._packages[package]

    @staticmethod
    def _read(build):
        """Returns {name of a test: its sources}."""
        if not build.is_file():
            return {}
        tests = {}

        def test_rule(**attributes):
            sources = attributes.get("srcs", [])
            tests[attributes["name"]] = [s.lstrip(":") for s in sources]

        class Rules(dict):
            def __missing__(self, name):
                if name in ("True", "False", "None"):
                    raise KeyError(name)
                if name.endswith("_test"):
                    return test_rule
                return lambda *positional, **named: []

        rules = Rules(__builtins__={"len": len, "range": range})
        exec(compile(build.read_text(encoding="utf-8"), str(build), "exec"), rules)
        return tests


def has_test(sources, name):
    """Whether a gtest of this name (`Suite.Test`, or `Prefix/Suite.Test/Instance`) is there."""
    match = re.fullmatch(r"(?:(\w+)/)?(\w+)\.(\w+)(?:/(\w+))?", name)
    if not match:
        return False
    prefix, suite, test, instance = match.groups()
    if not re.search(rf"\bTEST(_F|_P)?\(\s*{suite},\s*{test}\)", sources):
        return False
    if not prefix:
        # Only an instance of a parametrized test runs.
        return not re.search(rf"\bTEST_P\(\s*{suite},\s*{test}\)", sources)
    values = re.search(rf"INSTANTIATE_TEST_SUITE_P\(\s*{prefix},\s*{suite}\s*,(.*?)\);\n", sources,
                       re.DOTALL)
    if not values:
        return False
    if instance is None or f'"{instance}"' in values.group(1):
        return True
    # Or it is named after its value.
    by_value = "PrintToStringParamName" in values.group(1)
    return by_value and bool(re.search(rf"\b{instance}\b", values.group(1)))


def check_row(cells, builds):
    """Yields what is wrong with one row."""
    if len(cells) != 5:
        yield f"{cells[0]}: expected 5 columns, not {len(cells)}"
        return
    row, requirement, section, status, shown = cells
    if not requirement or not section:
        yield f"{row}: expected a requirement and where it stands"
    if status not in STATUSES:
        yield f"{row}: {status!r} is none of {', '.join(STATUSES)}"
    if status == "open" and row.partition("-")[0] not in MAY_BE_OPEN:
        yield f"{row}: may not be open"
    if status != "done":
        if len(shown) < 10:
            yield f"{row}: expected why it is {status}"
        return
    yield from check_tests(row, shown, builds)


def check_tests(row, shown, builds):
    """Yields what is wrong with the tests that a row names: labels, each with its tests."""
    names = re.findall(r"`([^`]+)`", shown)
    label = None
    tests = 0
    for name in names:
        if name.startswith("//"):
            label = name
            if builds.sources_of(label) is None:
                yield f"{row}: there is no test {label}"
        elif label is None:
            yield f"{row}: {name} has no label before it"
        elif builds.sources_of(label) is not None:
            tests += 1
            if not has_test(builds.sources_of(label), name):
                yield f"{row}: {label} has no {name}"
    if tests == 0:
        yield f"{row}: expected the name of a test"


def check(page, root):
    """Yields what is wrong with the page."""
    builds = BuildFiles(root)
    seen = set()
    for cells in rows_of(page):
        if cells[0] in seen:
            yield f"{cells[0]}: stands there twice"
        seen.add(cells[0])
        yield from check_row(cells, builds)
    for missing in sorted(all_ids() - seen):
        yield f"{missing}: is missing"
    for unknown in sorted(seen - all_ids()):
        yield f"{unknown}: is no requirement that this test knows"
