"""Tests docs/conformance.md, and that the checks of it can fail."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import conformance  # noqa: E402

PAGE = pathlib.Path(sys.argv[1]).resolve()
ROOT = PAGE.parent.parent
HERE = "`//tests/sip/base:uri_test`"
GOOD = f"| SUB-01 | says something | 3.1 | done | {HERE} `ParseUriTest.EveryPartIsFound` |"


def complaints(row):
    """What is said of a page of this row, but for the rows that it does not have."""
    return [c for c in conformance.check(row, ROOT) if not c.endswith("is missing")]


class ConformanceTest(unittest.TestCase):

    def test_page_has_every_requirement_and_names_real_tests(self):
        wrong = list(conformance.check(PAGE.read_text(encoding="utf-8"), ROOT))
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_good_row_is_taken(self):
        self.assertEqual(complaints(GOOD), [])

    def test_missing_and_unknown_requirements_are_named(self):
        found = list(conformance.check(GOOD.replace("SUB-01", "SUB-99"), ROOT))
        self.assertIn("SUB-01: is missing", found)
        self.assertIn("SUB-99: is no requirement that this test knows", found)

    def test_requirement_that_stands_twice_is_named(self):
        self.assertEqual(complaints(GOOD + "\n" + GOOD), ["SUB-01: stands there twice"])

    def test_label_and_test_that_do_not_exist_are_named(self):
        for old, new in (("base:uri", "base:no"), ("sip/base", "no/where"),
                         ("EveryPart", "NoPart"), ("ParseUri", "NoUri"),
                         (HERE, ""), ("`ParseUriTest.EveryPartIsFound`", "")):
            self.assertNotEqual(complaints(GOOD.replace(old, new)), [], new)

    def test_instance_of_a_parametrized_test_is_asked_for(self):
        label = "`//tests/sip/subscriber:retry_policy_test`"
        for name, good in (("Sub34To41/TerminationTest.FollowsTheCatalogue/RejectedSub36", True),
                           ("Sub34To41/TerminationTest.FollowsTheCatalogue", True),
                           ("Sub34To41/TerminationTest.FollowsTheCatalogue/NoSuchCase", False),
                           ("NoPrefix/TerminationTest.FollowsTheCatalogue", False),
                           ("TerminationTest.FollowsTheCatalogue", False)):
            row = f"| SUB-36 | x | 4.1 | done | {label} `{name}` |"
            self.assertEqual(complaints(row) == [], good, name)

    def test_status_must_be_one_of_three_and_have_its_reason(self):
        self.assertEqual(len(complaints("| SUB-01 | x | 3.1 | maybe | because of reasons |")), 1)
        self.assertEqual(len(complaints("| SUB-01 | x | 3.1 | open | the rest of it |")), 1)
        self.assertEqual(len(complaints("| RLS-01 | x | 3.1 | open | |")), 1)
        self.assertEqual(complaints("| RLS-01 | x | 3.1 | open | event lists |"), [])
        self.assertEqual(complaints("| SUB-20 | x | 3.1 | not applicable | no such role |"), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
