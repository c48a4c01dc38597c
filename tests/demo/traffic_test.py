#!/usr/bin/env python3
"""The demonstration's traffic, without the demonstration: traffic_test.py ROOT BINARY

Its ordinary people must be silent under everything built in, and each of its
suspicious acts must be found.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = BINARY = pathlib.Path()
START = 1795392000


def squid_line(number, client, method, url):
    result = "TCP_TUNNEL/200 46" if method == "CONNECT" else "TCP_MISS/200 1460"
    return "%d.%03d %6d %s %s %s %s - FIRSTUP_PARENT/127.0.0.1 %s" % (
        START + number // 8, number % 1000, number % 97, client, result, method, url,
        "-" if method == "CONNECT" else "text/html")


class Traffic(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        path = ROOT / "demo" / "traffic.yaml"
        cls.traffic = yaml.safe_load(path.read_text(encoding="utf-8"))
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "placeholders.yaml").write_text(
            yaml.safe_dump(cls.traffic["placeholders"]), encoding="utf-8")
        (cls.folder / "indicators.txt").write_text(
            "\n".join(cls.traffic["indicators"]) + "\n", encoding="utf-8")

    def alerts(self, lines):
        log = self.folder / "access.log"
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run([BINARY, "scan", "--json",
                               "--placeholders", self.folder / "placeholders.yaml",
                               "--indicators", self.folder / "indicators.txt", log],
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_ordinary_people_raise_no_alert(self):
        from world import Clients
        clients = Clients(self.traffic, 0, 1, 1, 7, None)
        lines = [squid_line(i, *clients.pick()) for i in range(4000)]
        found = self.alerts(lines)
        self.assertEqual([(a["rule"]["title"], a["lines"][0]["raw"]) for a in found], [])

    def test_every_suspicious_act_is_found(self):
        for act in self.traffic["suspicious"]:
            with self.subTest(act=act["what"]["en"]):
                lines = [squid_line(i, act["who"], *request)
                         for i, request in enumerate(act["requests"])]
                found = self.alerts(lines)
                self.assertTrue(found)
                self.assertTrue(all(a["entity"]["value"] == act["who"] for a in found))

    def test_what_is_told_is_told_in_both_languages(self):
        for act in self.traffic["suspicious"]:
            self.assertEqual(set(act["what"]), {"en", "ja"})


if __name__ == "__main__":
    ROOT, BINARY = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    sys.path.insert(0, str(ROOT / "demo"))
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
