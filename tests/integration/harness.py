"""What integration tests share: a real center, a real node, ports, waiting.

Everything lives in a folder the test made, listens on loopback ports of its
own and is stopped by pid.
"""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBC = ctypes.CDLL(None)  # loaded here: a child between fork and exec must not
HINOMI = os.environ.get("HINOMI", str(ROOT / "build" / "hinomi"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("not within %d s: %s" % (seconds, what))


def hinomi(*args, **kwargs):
    """Run a command of ours to its end; its output as text."""
    return subprocess.run([HINOMI, *map(str, args)], capture_output=True, text=True, timeout=60,
                          **kwargs)


def die_with_parent():
    """A test that is killed leaves no server behind: they get SIGTERM (prctl PR_SET_PDEATHSIG)."""
    LIBC.prctl(1, signal.SIGTERM, 0, 0, 0)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Process:
    """A program of ours that runs until stopped; its log is kept beside its data."""

    def __init__(self, data):
        self.data = pathlib.Path(data)
        self.process = None

    def launch(self, *command):
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.log = self.data.with_name(self.data.name + ".log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([HINOMI, *map(str, command)], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log,
                                            preexec_fn=die_with_parent)

    def pid(self):
        return self.process.pid if self.alive() else None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Center(Process):
    def __init__(self, data, settings=""):
        super().__init__(data)
        self.console_port, self.node_port = free_port(), free_port()
        self.settings = settings

    def start(self):
        """Ports that were free may be taken by another test by now: then others are tried."""
        for _ in range(5):
            self.config = self.data.with_name(self.data.name + ".yaml")
            self.config.parent.mkdir(parents=True, exist_ok=True)
            self.config.write_text("console_listen: 127.0.0.1:%d\nnode_listen: 127.0.0.1:%d\n%s" %
                                   (self.console_port, self.node_port, self.settings))
            self.launch("center", "--data", self.data, "--config", self.config)
            wait_until(lambda: not self.alive() or
                       answers(self.console_port) and answers(self.node_port), 60,
                       "the center listens (see %s)" % self.log)
            if self.alive():
                return
            self.console_port, self.node_port = free_port(), free_port()
        raise AssertionError("the center does not start:\n" + self.log.read_text()[-2000:])

    def admin(self, *args):
        done = hinomi("admin", *args, "--data", self.data)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, institution, institution_id=None):
        """A token for a node of this institution, which is made where it is not there."""
        extra = ["--id", institution_id] if institution_id else []
        done = hinomi("admin", "institution", "add", institution, *extra, "--data", self.data)
        assert done.returncode in (0, 1), done.stderr
        return self.admin("token", institution_id or institution).split()[-1]


class Node(Process):
    def __init__(self, data, sources, settings=""):
        super().__init__(data)
        self.config = self.data.with_name(self.data.name + ".yaml")
        rows = []
        for source in sources:
            rows.append("  - " + "\n    ".join("%s: %s" % item for item in source.items()))
        self.text = "sources:\n%s\n%s" % ("\n".join(rows), settings)

    def enroll(self, url, token):
        done = hinomi("node", "enroll", url, token, "--data", self.data)
        assert done.returncode == 0, done.stderr

    def start(self):
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self.text)
        self.launch("node", "--config", self.config, "--data", self.data)

    restart = start
