#!/usr/bin/env python3
"""content/ holds what it promises: every rule is whole, in both languages, and right about its lines.

content_test.py --root DIR [--hinomi BINARY]

Without a binary only the files themselves are checked.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import uuid

import yaml

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%(\w+)%")
LEVELS = ("informational", "low", "medium", "high", "critical")
CATEGORIES = ("proxy", "dns", "webserver")
# ATT&CK's enterprise tactics: those of version 18 and before, and the two that replaced defense-evasion.
TACTICS = {
    "reconnaissance", "resource-development", "initial-access", "execution", "persistence",
    "privilege-escalation", "defense-evasion", "stealth", "defense-impairment",
    "credential-access", "discovery", "lateral-movement", "collection", "command-and-control",
    "exfiltration", "impact",
}
TAG = re.compile(r"^(attack\.(%s|t\d{4}(\.\d{3})?)|cve\.\d{4}-\d+)$" % "|".join(sorted(TACTICS)))

ROOT = pathlib.Path()
HINOMI = None


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rule_paths():
    return sorted((ROOT / "content" / "rules").rglob("*.yml"))


def lines_path(rule):
    below = rule.relative_to(ROOT / "content").with_suffix(".yaml")
    return ROOT / "tests" / "content" / below


def scan(rules, lines, log_format=None):
    """The alerts of these lines under these rules; every line must have been read."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8") as log:
        log.write("\n".join(lines) + "\n")
        log.flush()
        command = [HINOMI, "scan", "--json", "--threads", "1", "--rules", str(rules)]
        if log_format is not None:
            command += ["--format", log_format]
        done = subprocess.run(command + [log.name], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise AssertionError("scan ended with %d: %s" % (done.returncode, done.stderr))
    return [json.loads(line) for line in done.stdout.splitlines()]


def found(rules, lines, log_format=None):
    return sum(alert["count"] for alert in scan(rules, lines, log_format))


def with_header(test, lines):
    return ([test["header"]] if "header" in test else []) + lines


class Rules(unittest.TestCase):
    def each(self):
        for path in rule_paths():
            with self.subTest(rule=path.stem):
                yield path, load(path)

    def test_there_are_at_least_twenty_five(self):
        self.assertGreaterEqual(len(rule_paths()), 25)

    def test_names_say_what_they_look_at(self):
        for path, rule in self.each():
            self.assertIn(path.parent.name, CATEGORIES)
            self.assertEqual(rule["logsource"], {"category": path.parent.name})
            prefix = {"webserver": "web"}.get(path.parent.name, path.parent.name)
            self.assertTrue(path.stem.startswith(prefix + "_"))

    def test_ids_are_random_uuids_and_nobody_elses(self):
        seen = set()
        for _, rule in self.each():
            self.assertEqual(uuid.UUID(rule["id"]).version, 4)
            self.assertNotIn(rule["id"], seen)
            seen.add(rule["id"])

    def test_the_parts_sigma_asks_for_are_there(self):
        for _, rule in self.each():
            self.assertLessEqual(len(rule["title"]), 110)
            self.assertEqual(rule["author"], "Hinomi")
            self.assertIn(rule["status"], ("experimental", "test", "stable"))
            self.assertIn(rule["level"], LEVELS)
            self.assertTrue(rule["references"])
            self.assertTrue(rule["falsepositives"])
            self.assertTrue(rule["description"].strip())
            self.assertRegex(str(rule["date"]), r"^\d{4}-\d\d-\d\d$")

    def test_tags_name_a_tactic_and_are_well_formed(self):
        for _, rule in self.each():
            for tag in rule["tags"]:
                self.assertRegex(tag, TAG)
            self.assertTrue(any(t.removeprefix("attack.") in TACTICS for t in rule["tags"]))

    def test_a_condition_names_only_what_is_there(self):
        words = {"and", "or", "not", "of", "all", "them", "1"}
        for _, rule in self.each():
            names = set(rule["detection"]) - {"condition"}
            used = set()
            for word in re.findall(r"[\w*]+", rule["detection"]["condition"]):
                if word in words:
                    continue
                hits = {n for n in names if re.fullmatch(word.replace("*", ".*"), n)}
                self.assertTrue(hits, word)
                used |= hits
            self.assertEqual(used, names)

    def test_every_placeholder_has_a_default(self):
        known = load(ROOT / "content" / "placeholders.yaml")
        used = set()
        for path, rule in self.each():
            used |= set(PLACEHOLDER.findall(json.dumps(rule["detection"]))) \
                if "|expand" in json.dumps(rule["detection"]) else set()
        self.assertEqual(used, set(known))
        self.assertTrue(all(values for values in known.values()))

    def test_people_can_read_them_in_both_languages(self):
        for _, rule in self.each():
            ours = rule["hinomi"]
            self.assertLessEqual({"title", "description", "advice", "falsepositives"}, set(ours))
            for part in ("title", "description"):
                self.assertRegex(ours[part]["ja"], JAPANESE)
            self.assertRegex(ours["advice"]["ja"], JAPANESE)
            self.assertGreater(len(ours["advice"]["en"]), 80)
            self.assertNotRegex(ours["advice"]["en"], JAPANESE)
            self.assertEqual(len(ours["falsepositives"]["ja"]), len(rule["falsepositives"]))
            for text in ours["falsepositives"]["ja"]:
                self.assertRegex(text, JAPANESE)


class Advice(unittest.TestCase):
    def test_every_tactic_has_some_in_both_languages(self):
        advice = load(ROOT / "content" / "advice.yaml")
        self.assertEqual(set(advice), TACTICS | {"default"})
        for tactic, text in advice.items():
            with self.subTest(tactic=tactic):
                self.assertEqual(set(text), {"en", "ja"})
                self.assertRegex(text["ja"], JAPANESE)
                self.assertNotRegex(text["en"], JAPANESE)


class Lines(unittest.TestCase):
    """Each rule's lines live in tests/content/rules/, under the name of the rule."""

    def test_every_rule_has_two_hits_and_three_near_misses_and_no_file_is_left_over(self):
        wanted = {lines_path(rule) for rule in rule_paths()}
        there = set((ROOT / "tests" / "content" / "rules").rglob("*.yaml"))
        self.assertEqual(there, wanted)
        for path in sorted(there):
            with self.subTest(rule=path.stem):
                test = load(path)
                self.assertLessEqual(set(test), {"format", "header", "match", "no_match"})
                self.assertGreaterEqual(len(test["match"]), 2)
                self.assertGreaterEqual(len(test["no_match"]), 3)
                self.assertEqual(len(set(test["match"] + test["no_match"])),
                                 len(test["match"] + test["no_match"]))

    def test_a_rule_finds_its_lines_and_not_its_near_misses(self):
        if HINOMI is None:
            self.skipTest("no binary given")
        for rule in rule_paths():
            with self.subTest(rule=rule.stem):
                test = load(lines_path(rule))
                self.check(rule, test, test["match"], 1)
                self.check(rule, test, test["no_match"], 0)

    def check(self, rule, test, lines, times):
        """All at once, which is quick; one by one only to say which line it was."""
        if found(rule, with_header(test, lines), test["format"]) == times * len(lines):
            return
        for line in lines:
            self.assertEqual(found(rule, with_header(test, [line]), test["format"]), times, line)
        self.fail("the lines count differently together than alone")

    def test_near_misses_are_read_and_reach_the_rules(self):
        """A line that could not be read would pass for a near miss."""
        if HINOMI is None:
            self.skipTest("no binary given")
        for category in CATEGORIES:
            groups = {}
            for rule in rule_paths():
                if rule.parent.name == category:
                    test = load(lines_path(rule))
                    key = (test["format"], test.get("header"))
                    groups.setdefault(key, []).extend(test["match"] + test["no_match"])
            with tempfile.NamedTemporaryFile("w", suffix=".yml") as rule:
                rule.write("title: Any\nid: 5d3c2a3e-8f0b-4d8e-9a51-6d2f0c4b7e11\nlogsource:\n"
                           "    category: %s\ndetection:\n    any:\n        src_ip: '*'\n"
                           "    condition: any\nlevel: low\n" % category)
                rule.flush()
                for (log_format, header), lines in groups.items():
                    with self.subTest(category=category, format=log_format):
                        lines = sorted(set(lines))
                        given = ([header] if header else []) + lines
                        self.assertEqual(found(rule.name, given, log_format), len(lines))

    def test_an_ordinary_day_is_silent_under_all_rules(self):
        if HINOMI is None:
            self.skipTest("no binary given")
        for log in sorted((ROOT / "tests" / "content" / "quiet").glob("*.log")):
            with self.subTest(log=log.name):
                lines = log.read_text(encoding="utf-8").splitlines()
                self.assertGreater(len(lines), 50)
                alerts = scan(ROOT / "content" / "rules", lines)
                self.assertEqual([(a["rule"]["title"], a["lines"][0]["raw"]) for a in alerts], [])


class Named(unittest.TestCase):
    """What a person names on the command line is never passed over in silence."""

    def test_a_file_is_used_whatever_it_is_called_and_a_pipe_too(self):
        if HINOMI is None:
            self.skipTest("no binary given")
        log = ROOT / "tests" / "content" / "quiet" / "proxy.log"
        for option, text in (("--indicators", "www.dropbox.com\n"),
                             ("--placeholders", "medical_device_segments: ['10.77.32.0/24']\n")):
            with self.subTest(option=option), tempfile.NamedTemporaryFile("w", suffix=".x") as f:
                f.write(text)
                f.flush()
                for name, given in ((f.name, None), ("/dev/stdin", text)):
                    done = subprocess.run([HINOMI, "scan", "--json", option, name, log],
                                          capture_output=True, text=True, input=given, check=False)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn("www.dropbox.com", done.stdout)


def main():
    global ROOT, HINOMI
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--hinomi")
    args, rest = parser.parse_known_args()
    ROOT, HINOMI = args.root.resolve(), args.hinomi
    unittest.main(argv=[sys.argv[0]] + rest)


if __name__ == "__main__":
    main()
