#!/usr/bin/env python3
"""`make run` as its user meets it, on ports of its own: run_test.py ROOT BINARY

A real Squid, a real center and node; alerts must be on the API, Ctrl-C must
leave nothing behind, and a second start must work.
"""
import http.cookiejar
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = BINARY = pathlib.Path()
PATIENCE = 100


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def environment():
    """A sandboxed role may not look at itself, which is what the leak checker of a sanitizer does."""
    asan = os.environ.get("ASAN_OPTIONS", "")
    return {**os.environ, "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": asan + ":detect_leaks=0"}


def running_with(text):
    """Processes whose command line names our folder, by pid."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if text in words:
                found[int(entry.name)] = words
    return found


class Api:
    def __init__(self, console):
        self.console = console
        jar = http.cookiejar.CookieJar()
        # The session's cookie is Secure, which browsers keep for loopback too; urllib needs the header.
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.cookie = None

    def ask(self, path, body=None):
        request = urllib.request.Request(self.console + "api/v1" + path)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.cookie:
            request.add_header("Cookie", self.cookie)
        with self.opener.open(request, timeout=10) as answer:
            set_cookie = answer.headers.get("Set-Cookie")
            if set_cookie:
                self.cookie = set_cookie.split(";")[0]
            return json.load(answer)


class Run(unittest.TestCase):
    def setUp(self):
        if shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            self.skipTest("Squid is not installed")
        self.parent = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-run-test-"))
        self.addCleanup(shutil.rmtree, self.parent)
        self.folder = self.parent / "demo"
        self.ports = free_ports(4)

    def start(self, *more):
        names = ("console", "node", "proxy", "origin")
        words = [x for name, port in zip(names, self.ports) for x in ("--%s-port" % name, str(port))]
        child = subprocess.Popen([sys.executable, ROOT / "demo" / "run.py", "--binary", BINARY,
                                  "--folder", self.folder, "--pause", "1", *words, *more],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=environment())
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        self.addCleanup(self.end, child)
        return child

    def end(self, child):
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.wait(60)

    def greeting(self, child):
        told = {}
        for line in child.stdout:
            m = re.match(r"^  (Console|Name|Password)\s+(\S+)$", line)
            if m:
                told[m.group(1)] = m.group(2)
            if len(told) == 3:
                return told
        self.fail("the demonstration ended: " + child.stderr.read())

    def rules_on_the_console(self, told, wanted):
        api = Api(told["Console"])
        api.ask("/session", {"name": told["Name"], "password": told["Password"]})
        deadline = time.monotonic() + PATIENCE
        while True:
            items = api.ask("/alerts?status=all&limit=100")["items"]
            rules = {a["rule"]["title"]["en"] for a in items}
            if len(rules) >= wanted:
                return rules
            self.assertLess(time.monotonic(), deadline, rules)
            time.sleep(0.5)

    def test_alerts_come_and_ctrl_c_leaves_nothing_and_it_starts_again(self):
        for _ in range(2):
            child = self.start()
            told = self.greeting(child)
            rules = self.rules_on_the_console(told, 4)
            self.assertIn("Remote Access Tool Leaves From A Medical Device Segment", rules)
            self.assertTrue(running_with(str(self.folder)))
            child.send_signal(signal.SIGINT)
            self.assertEqual(child.wait(60), 0)
            self.assertEqual(running_with(str(self.folder)), {})
            for port in self.ports:
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", port))

    def test_a_port_in_use_is_named_and_nothing_is_started(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            self.ports[0] = s.getsockname()[1]
            child = self.start()
            out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 3)
        self.assertEqual(out, "")
        self.assertIn("port %d (console) cannot be used" % self.ports[0], err)
        self.assertFalse(self.folder.exists())

    def test_a_folder_that_is_not_a_demonstrations_is_not_touched(self):
        self.folder.mkdir()
        precious = self.folder / "precious"
        precious.write_text("mine", encoding="utf-8")
        child = self.start()
        _, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 3)
        self.assertIn("give another --folder", err)
        self.assertEqual(precious.read_text(encoding="utf-8"), "mine")


if __name__ == "__main__":
    ROOT, BINARY = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
