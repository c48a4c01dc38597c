#!/usr/bin/env python3
"""The .deb holds a working hinomi: deb_test.py ROOT BINARY

Builds the package into a folder of its own, unpacks it and looks.  With
HINOMI_TEST_CHROOT=1 and as root it is also installed into a fresh Debian 12
(debootstrap, a minute or two, network), run there, and purged.
"""
import configparser
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = BINARY = pathlib.Path()
UNITS = ("hinomi-center.service", "hinomi-node.service")


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False,
                          **more)
    if done.returncode != 0:
        raise AssertionError("%s ended with %d:\n%s%s" % (
            " ".join(map(str, command)), done.returncode, done.stdout, done.stderr))
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-deb-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        shutil.copy2(BINARY, cls.folder / "hinomi")
        out = run(ROOT / "packaging" / "build-deb.sh", env={**os.environ, "BUILD": str(cls.folder)})
        cls.deb = pathlib.Path(out.split()[-1])
        cls.root = cls.folder / "unpacked"
        run("dpkg-deb", "-x", cls.deb, cls.root)

    def test_the_binary_in_it_runs(self):
        told = run(self.root / "usr" / "bin" / "hinomi", "--version")
        version = run("dpkg-deb", "-f", self.deb, "Version").strip()
        self.assertEqual(told.strip(), "hinomi " + version.removesuffix("-1"))

    def test_what_it_is_linked_with_is_what_it_depends_on(self):
        depends = run("dpkg-deb", "-f", self.deb, "Depends")
        for library in ("libsqlite3-0", "libgnutls30", "libvectorscan5", "libsodium23", "adduser"):
            self.assertIn(library, depends)

    def test_every_command_has_a_manual_page_that_man_can_read(self):
        pages = sorted((self.root / "usr" / "share" / "man" / "man1").iterdir())
        self.assertIn("hinomi.1.gz", [p.name for p in pages])
        self.assertIn("hinomi-scan.1.gz", [p.name for p in pages])
        if shutil.which("man") is None:
            return
        for path in pages:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", path],
                                  env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"},
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "", path.name)
            self.assertIn("EXIT STATUS", re.sub(r".\x08", "", done.stdout))

    def test_the_units_are_hardened_and_start_what_is_there(self):
        for name in UNITS:
            unit = configparser.ConfigParser(strict=False, interpolation=None)
            unit.optionxform = str
            unit.read(self.root / "lib" / "systemd" / "system" / name)
            service = unit["Service"]
            self.assertEqual(service["User"], "hinomi")
            for key, value in (("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"),
                               ("ProtectHome", "yes"), ("PrivateTmp", "yes"),
                               ("RestrictNamespaces", "yes"), ("LockPersonality", "yes")):
                self.assertEqual(service[key], value, name)
            program, command, *words = service["ExecStart"].split()
            self.assertTrue((self.root / program[1:]).exists())
            help_text = run(self.root / program[1:], command, "--help")
            for word in words:
                if word.startswith("--"):
                    self.assertIn(word, help_text)
                elif word.startswith("/etc/"):
                    self.assertTrue((self.root / word[1:]).exists())

    def test_systemd_itself_finds_nothing_wrong_with_the_units(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        for name in UNITS:
            source = (self.root / "lib" / "systemd" / "system" / name).read_text(encoding="utf-8")
            copy = self.folder / name
            copy.write_text(source.replace("/usr/bin/hinomi", str(self.root / "usr/bin/hinomi")),
                            encoding="utf-8")
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy],
                                  capture_output=True, text=True, check=False)
            self.assertEqual([x for x in done.stderr.splitlines() if name in x], [])

    def test_the_samples_are_accepted_by_the_commands_they_are_for(self):
        binary = self.root / "usr" / "bin" / "hinomi"
        for command in ("center", "node"):
            run(binary, command, "--config", self.root / "etc" / "hinomi" / (command + ".yaml"),
                "--print-config")

    def test_lintian_has_no_complaint(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is not installed")
        done = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", self.deb],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_it_installs_runs_and_goes_on_a_fresh_debian(self):
        if os.environ.get("HINOMI_TEST_CHROOT") != "1":
            self.skipTest("set HINOMI_TEST_CHROOT=1 (root, network, debootstrap)")
        system = self.folder / "system"
        run("debootstrap", "--variant=minbase", "bookworm", system)
        shutil.copy2(self.deb, system / "tmp" / "hinomi.deb")
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
               "LC_ALL": "C.UTF-8"}

        def inside(*command):
            return run("chroot", system, *command, env=env)

        inside("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/tmp/hinomi.deb")
        self.assertIn("hinomi", inside("hinomi", "--version"))
        self.assertIn("hinomi", inside("getent", "passwd", "hinomi"))
        self.assertEqual(inside("stat", "-c", "%U %a", "/var/lib/hinomi/center").strip(),
                         "hinomi 700")
        self.check_that_a_center_starts(system, env)
        inside("dpkg", "--purge", "hinomi")
        self.assertFalse((system / "usr/bin/hinomi").exists())
        self.assertFalse((system / "etc/hinomi").exists())

    def check_that_a_center_starts(self, system, env):
        """As its unit would start it, but for ports that may be taken here."""
        console, nodes = free_ports(2)
        (system / "etc" / "hinomi" / "center.yaml").write_text(
            "console_listen: '127.0.0.1:%d'\nnode_listen: '127.0.0.1:%d'\n" % (console, nodes),
            encoding="utf-8")
        run("mount", "-t", "proc", "proc", system / "proc")
        self.addCleanup(run, "umount", system / "proc")
        log = (self.folder / "center.log").open("w+b")
        self.addCleanup(log.close)
        center = subprocess.Popen(
            ["chroot", system, "setpriv", "--reuid", "hinomi", "--regid", "hinomi", "--clear-groups",
             "/usr/bin/hinomi", "center", "--config", "/etc/hinomi/center.yaml",
             "--data", "/var/lib/hinomi/center"], env=env, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while True:
                self.assertIsNone(center.poll(), log.name)
                self.assertLess(time.monotonic(), deadline)
                try:
                    with urllib.request.urlopen("http://127.0.0.1:%d/healthz" % console) as answer:
                        self.assertEqual(answer.status, 200)
                        break
                except OSError:
                    time.sleep(0.2)
        finally:
            center.terminate()
            status = center.wait(30)
        self.assertEqual(status, 0)


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


if __name__ == "__main__":
    ROOT, BINARY = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
