#!/usr/bin/env python3
"""Nothing lost, nothing twice: a stream of numbered lines through killings, cuts and a full disk.

Two centers get the same lines through a node each.  The first is left alone.
During the second, node, serve and detect are killed (SIGKILL) at random
moments, KILLS times in all (default 200), while the link is cut now and then
and, where this process may mount one, a small disk is filled up.  Afterwards
every line is in both batch logs exactly once and the alerts are the same, byte
for byte, but for the ids of batches.

KEEP=1 leaves data and logs of a run behind, for looking into a failure.
"""
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from harness import Center, HINOMI, Node, free_port, wait_until

KILLS = int(os.environ.get("KILLS", "200"))
LINES = int(os.environ.get("CHAOS_LINES", "60000"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
DISK_BYTES = 192 * 1024 * 1024


def numbered_line(n):
    """Line n of the stream; one in fifty is something that the built-in rules tell about."""
    at = 1780272000 + n * 0.7
    url = "http://www.example.org/page/%d" % n
    if n % 50 == 7:
        url = "http://198.51.100.%d/setup-%d.exe" % (n % 200, n)
    return ("%.3f %6d 10.1.%d.%d TCP_MISS/200 %d GET %s - HIER_DIRECT/192.0.2.1 text/html\n" %
            (at, n % 900, n // 50 % 4, n // 50 % 23, 300 + n % 1000, url)).encode()


class Link:
    """A TCP relay that can be cut: what hospital and center have between them."""

    def __init__(self, target):
        self.target, self.up, self.pairs = target, True, []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                a, _ = self.listener.accept()
            except OSError:
                return
            try:
                if not self.up:
                    raise OSError
                b = socket.create_connection(("127.0.0.1", self.target), timeout=2)
                b.settimeout(None)
            except OSError:
                a.close()
                continue
            with self.lock:
                self.pairs = [p for p in self.pairs if p[0].fileno() != -1] + [(a, b)]
            for x, y in ((a, b), (b, a)):
                threading.Thread(target=self._carry, args=(x, y), daemon=True).start()

    @staticmethod
    def _carry(x, y):
        try:
            while data := x.recv(65536):
                y.sendall(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def cut(self):
        self.up = False
        with self.lock:
            for pair in self.pairs:
                for s in pair:
                    try:
                        s.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass

    def mend(self):
        self.up = True

    def close(self):
        self.cut()
        self.listener.close()


class Disk:
    """A small file system that can be filled, or an ordinary folder where we may not mount."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=%d" % DISK_BYTES, "hinomi-test", folder],
            capture_output=True).returncode == 0

    def fill(self):
        if not self.mounted:
            return
        with open(self.folder / "filler", "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 65536)
            except OSError:
                pass

    def free(self):
        if self.mounted:
            (self.folder / "filler").unlink(missing_ok=True)

    def close(self):
        if self.mounted and "KEEP" not in os.environ:
            subprocess.run(["umount", "-l", self.folder], check=False)


class Writer(threading.Thread):
    """Squid at work: lines by and by, in pieces that end anywhere, and the log rotated under way."""

    def __init__(self, path, seconds):
        super().__init__(daemon=True)
        self.path, self.seconds = path, seconds

    def run(self):
        rng = random.Random(SEED)
        start = time.monotonic()
        f = open(self.path, "ab", buffering=0)
        n, pending, rotations = 0, b"", 0
        while n < LINES or pending:
            due = min(LINES, int(LINES * (time.monotonic() - start) / self.seconds) + 1)
            while n < due:
                pending += numbered_line(n)
                n += 1
            cut = len(pending) if n == LINES else rng.randrange(len(pending) + 1)
            f.write(pending[:cut])
            pending = pending[cut:]
            if n > LINES * (rotations + 1) / 6 and rotations < 5 and not pending:
                f.close()
                rotations += 1
                os.rename(self.path, "%s.%d" % (self.path, rotations))
                f = open(self.path, "ab", buffering=0)
            time.sleep(0.005)
        f.close()


def role_pid(center, role):
    """The pid of a role, by its command line; None while it is being started again."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int(re.search(rb"PPid:\s+(\d+)", (entry / "status").read_bytes()).group(1))
        except (OSError, AttributeError):
            continue
        if parent == center.process.pid and role.encode() in words:
            return int(entry.name)
    return None


def numbers_in_log(data):
    """Every line number in the batch log, in the order of the stream."""
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(256 * 1024)
    db = sqlite3.connect("file:%s?mode=ro" % (data / "store" / "batches.db"), uri=True)
    numbers = []
    for frame, in db.execute("SELECT frame.bytes FROM frame JOIN batch USING (position) "
                             "ORDER BY stream, sequence"):
        size = zstd.ZSTD_decompress(out, len(out), frame, len(frame))
        numbers += [int(n) for n in re.findall(rb"/(?:page/|setup-)(\d+)", out.raw[:size])]
    db.close()
    return numbers


def alerts_of(data):
    """The stored alerts as JSON lines, sorted, without the ids of batches."""
    db = sqlite3.connect("file:%s?mode=ro" % (data / "store" / "store.db"), uri=True)
    out = []
    for body, in db.execute("SELECT json FROM alert_body ORDER BY id"):
        alert = json.loads(body)
        for line in alert["lines"]:
            line["batch"] = ""
        out.append(json.dumps(alert, sort_keys=True, ensure_ascii=False))
    db.close()
    return out


class Chaos(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-chaos-"))
        if "KEEP" not in os.environ:
            self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)

    def world(self, name):
        """A disk, a center, a link, a node that tails one file; all stopped at the end."""
        disk = Disk(self.work / name)
        self.addCleanup(disk.close)
        center = Center(disk.folder / "center")
        self.addCleanup(center.stop)
        center.start()
        link = Link(center.node_port)
        self.addCleanup(link.close)
        log = self.work / (name + ".log")
        log.touch()
        node = Node(disk.folder / "node", [{"name": "proxy", "path": str(log), "codec": "squid"}])
        self.addCleanup(node.stop)
        node.enroll("https://127.0.0.1:%d" % link.port, center.token("Hospital", "hospital"))
        node.start()
        return disk, center, link, node, log

    @staticmethod
    def keep_alive(node):
        """What systemd does (Restart=always): a node that met a full disk has stopped by itself."""
        if not node.alive():
            node.restart()

    def settled(self, data, node):
        """Every line is in the batch log, and detection has seen every batch."""
        def done():
            self.keep_alive(node)
            try:
                batches = sqlite3.connect("file:%s?mode=ro" % (data / "store" / "batches.db"), uri=True)
                lines, last = batches.execute(
                    "SELECT coalesce(sum(lines), 0), max(position) FROM batch").fetchone()
                batches.close()
                store = sqlite3.connect("file:%s?mode=ro" % (data / "store" / "store.db"), uri=True)
                cursor, = store.execute("SELECT position FROM reading_cursor").fetchone()
                store.close()
            except (sqlite3.Error, TypeError):
                return False
            return lines >= LINES and cursor >= last
        wait_until(done, 120, "every line detected on in %s" % data)

    def test_nothing_lost_nothing_twice(self):
        _, center, _, node, log = self.world("calm")
        Writer(log, 4).run()
        self.settled(center.data, node)
        node.stop()
        center.stop()
        expected = alerts_of(center.data)
        self.assertEqual(numbers_in_log(center.data), list(range(LINES)))
        self.assertGreater(len(expected), 20)

        disk, center, link, node, log = self.world("chaos")
        rng = random.Random(SEED)
        writer = Writer(log, KILLS * 0.4)
        writer.start()
        kills = {"node": 0, "serve": 0, "detect": 0}
        n = 0
        while sum(kills.values()) < KILLS:
            n += 1
            time.sleep(rng.uniform(0.02, 0.5))
            if n % 20 == 5:
                link.cut()
            if n % 20 == 8:
                link.mend()
            if n % 40 == 15:
                disk.fill()
            if n % 40 == 18:
                disk.free()
            victim = rng.choice(sorted(kills))
            if victim == "node" and node.alive():
                node.process.kill()
                node.process.wait()
                kills[victim] += 1
            elif victim != "node" and (pid := role_pid(center, victim)) is not None:
                os.kill(pid, signal.SIGKILL)
                kills[victim] += 1
            self.keep_alive(node)
        link.mend()
        disk.free()
        writer.join()
        self.settled(center.data, node)
        node.stop()
        center.stop()
        print("killed: %s; disk %s" % (kills, "filled" if disk.mounted else
                                       "not filled: mounting is not permitted here"))
        self.assertEqual(numbers_in_log(center.data), list(range(LINES)))
        self.assertEqual(alerts_of(center.data), expected)


if __name__ == "__main__":
    unittest.main()
