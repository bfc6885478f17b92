"""Compares the tables of docs/api.md with what the programs say of themselves (--help)."""

import pathlib
import re
import subprocess
import sys
import unittest

PAGE, GATEWAY, CLIENT = (pathlib.Path(a).resolve() for a in sys.argv[1:4])

# Commands of two words begin with one of these.
GROUPS = "(?:subscriptions|publications|watchers|rules|lists)"


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def section(title):
    """Returns the part of the page below a heading that begins with this."""
    text = PAGE.read_text(encoding="utf-8")
    return re.search(rf"^## {re.escape(title)}.*?(?=^## |\Z)", text, re.M | re.S).group()


def documented(text):
    """Returns {flag: default} of a table whose first column is the flag."""
    rows = {}
    for line in text.splitlines():
        if line.startswith("| `--"):
            columns = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:]]
            for flag in re.findall(r"--(\w+)", columns[0]):
                rows[flag] = columns[1].strip("`")
    return rows


class FlagsTest(unittest.TestCase):

    def test_gateway_flags_and_defaults_are_the_documented_ones(self):
        actual = {"help": "", "config": ""}
        for flag, text in re.findall(r"^  --(\w+).*\n      (.*)", help_of(GATEWAY), re.M):
            default = re.search(r" Default: (.*)\.$", text)
            if default:
                actual[flag] = default.group(1).replace("empty", "")
        self.assertEqual(documented(section("The gateway")), actual)

    def test_client_flags_are_the_documented_ones(self):
        commands = re.findall(rf"^\| `({GROUPS} \w+|watch|fetch|publish)\b", section("The command"),
                              re.M)
        self.assertGreaterEqual(len(commands), 20)
        actual = set()
        for command in commands:
            actual |= set(re.findall(r"^  --(\w+)", help_of(CLIENT, *command.split()), re.M))
        self.assertEqual(set(documented(section("The command"))), actual)

    def test_client_commands_are_the_documented_ones(self):
        text = re.search(r"commands:\n(.*?)\n\n", help_of(CLIENT), re.S).group(1)
        actual = re.findall(rf"^  ((?:{GROUPS} )?\w+)", text, re.M)
        told = re.findall(rf"^\| `((?:{GROUPS} )?[a-z]+)[ `]", section("The command"), re.M)
        self.assertEqual(told, actual)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
