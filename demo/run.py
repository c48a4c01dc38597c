#!/usr/bin/python3
"""A demonstration of Hinomi on one machine: a center, a hospital's node, a real Squid and its people.

Everything listens on loopback and lives in one folder, which is made anew at each
start.  Ctrl-C stops all of it.
"""
import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

from world import Clients, Origin

ROOT = pathlib.Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 15
JAPANESE = next((v for v in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if v),
                "").startswith("ja")
PR_SET_PDEATHSIG = 1


class Trouble(Exception):
    """One sentence for the person who started this."""


def say(en, ja):
    return ja if JAPANESE else en


def tell(text=""):
    print(text, flush=True)


# -- processes: each its own group, so that Ctrl-C reaches us alone and we stop them in order


class Process:
    def __init__(self, name, command, log, **more):
        self.name, self.log = name, log
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log.open("ab"),
                                      stderr=subprocess.STDOUT, start_new_session=True,
                                      preexec_fn=end_with_parent, **more)

    def check(self):
        if self.child.poll() is not None:
            tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
            raise Trouble(say("%s ended by itself (%d). Its last words, from %s:",
                              "%s が終了しました（%d）。%s の最後の行:")
                          % (self.name, self.child.returncode, self.log)
                          + "".join("\n  " + line for line in tail))

    def stop(self):
        self.signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self.signal(signal.SIGKILL)  # whatever of its group is left
        self.child.wait()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, number)


def end_with_parent():
    """Even a parent that is killed leaves nothing running."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until(what, ready, process):
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        process.check()
        if time.monotonic() > deadline:
            raise Trouble(say("%s did not come up within %d s; see %s",
                              "%s が %d 秒以内に起動しませんでした。%s を確認してください")
                          % (what, START_SECONDS, process.log))
        time.sleep(0.1)


# -- ports


def check_ports(ports):
    for name, port in ports.items():
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError as e:
                option = "--%s-port" % name
                raise Trouble(say(
                    "port %d (%s) cannot be used: %s. Stop what listens there, or choose another: "
                    "demo/run.py %s NUMBER",
                    "ポート %d（%s）が使えません: %s。使用中のものを止めるか、別の番号を指定して"
                    "ください: demo/run.py %s 番号") % (port, name, e.strerror, option)) from e


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


# -- Hinomi's own commands


class Hinomi:
    def __init__(self, binary):
        self.binary = str(binary)

    def run(self, *words):
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        done = subprocess.run([self.binary, *map(str, words)], stdin=subprocess.DEVNULL, text=True,
                              env=env, capture_output=True, check=False, timeout=START_SECONDS)
        if done.returncode != 0:
            raise Trouble("hinomi %s: %s" % (" ".join(map(str, words[:3])),
                                             (done.stderr or done.stdout).strip()))
        return done.stdout

    def ask(self, *words):
        return json.loads(self.run(*words, "--json"))


def write_yaml(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")


class Demo:
    def __init__(self, args, traffic, stack):
        self.args, self.traffic, self.stack = args, traffic, stack
        self.hinomi = Hinomi(args.binary)
        self.folder = args.folder
        self.center_data = self.folder / "center"
        self.node_data = self.folder / "node"
        self.processes = []

    def start(self, name, *command, **more):
        process = Process(name, [str(c) for c in command], self.folder / (name + ".log"), **more)
        self.processes.append(process)
        self.stack.callback(process.stop)
        return process

    def clean_folder(self):
        """Only a folder that a demonstration made is ever removed."""
        mark = self.folder / ".hinomi-demo"
        if self.folder.exists() and any(self.folder.iterdir()):
            if not mark.exists():
                raise Trouble(say("%s is not empty and no demonstration's; give another --folder",
                                  "%s は空でなく、デモのものでもありません。別の --folder を指定して"
                                  "ください") % self.folder)
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch()

    def start_center(self):
        content = self.center_data / "content"
        write_yaml(content / "placeholders" / "demo.yaml", self.traffic["placeholders"])
        (content / "indicators").mkdir()
        (content / "indicators" / "demo.txt").write_text(
            "\n".join(self.traffic["indicators"]) + "\n", encoding="utf-8")
        config = self.folder / "center.yaml"
        write_yaml(config, {"console_listen": "127.0.0.1:%d" % self.args.console_port,
                            "node_listen": "127.0.0.1:%d" % self.args.node_port})
        place = ("--data", self.center_data)
        self.password = self.hinomi.ask("admin", "user", "add", self.args.user, "--role", "lead",
                                        "--language", say("en", "ja"), "--generate",
                                        *place)["password"]
        center = self.start("center", self.args.binary, "center", "--config", config, *place)
        wait_until(say("the center", "センター"), self.console_is_up, center)
        about = self.traffic["institution"]
        self.institution = say(about["name"]["en"], about["name"]["ja"])
        made = self.hinomi.ask("admin", "institution", "add", self.institution,
                               "--beds", about["beds"], "--prefecture", about["prefecture"], *place)
        self.token = self.hinomi.ask("admin", "token", made["id"], *place)["token"]

    def console_is_up(self):
        try:
            with urllib.request.urlopen(self.console + "healthz", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    @property
    def console(self):
        return "http://127.0.0.1:%d/" % self.args.console_port

    def start_squid(self):
        """Squid drops root by itself and must then be able to write: a folder of its own in /tmp."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-demo-squid-"))
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        if os.getuid() == 0:
            proxy = pwd.getpwnam("proxy")
            os.chown(folder, proxy.pw_uid, proxy.pw_gid)
        config = folder / "squid.conf"
        template = (ROOT / "demo" / "squid.conf").read_text(encoding="utf-8")
        config.write_text(template.replace("@FOLDER@", str(folder))
                          .replace("@PORT@", str(self.args.proxy_port))
                          .replace("@ORIGIN@", str(self.args.origin_port)), encoding="utf-8")
        self.access_log = folder / "access.log"
        squid = shutil.which("squid", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if squid is None:
            raise Trouble(say("Squid is not installed; tools/install-deps.sh installs it",
                              "Squid がありません。tools/install-deps.sh で導入できます"))
        process = self.start("squid", squid, "-N", "-f", config)
        wait_until("Squid", lambda: answers(self.args.proxy_port), process)

    def start_node(self):
        place = ("--data", self.node_data)
        self.hinomi.run("node", "enroll", "https://127.0.0.1:%d" % self.args.node_port, self.token,
                        *place)
        config = self.folder / "node.yaml"
        write_yaml(config, {"sources": [{"name": "proxy", "path": str(self.access_log),
                                         "codec": "squid"}]})
        self.start("node", self.args.binary, "node", "--config", config, *place)

    def greet(self):
        tell(say("""
Hinomi is watching over %(name)s.

  Console   %(console)s
  Name      %(user)s
  Password  %(password)s

Ordinary people of the hospital browse through Squid (127.0.0.1:%(proxy)d, log: %(log)s).
Every %(pause)d seconds one of its machines does something that it should not; it is named
here, and its alert appears on the page "Now" by itself. Open one: why it was raised, the
log line, and what to do next. Ctrl-C ends the demonstration.
""", """
Hinomi が %(name)s を見守っています。

  画面        %(console)s
  名前        %(user)s
  パスワード  %(password)s

病院の人々が Squid（127.0.0.1:%(proxy)d、ログ: %(log)s）を通してWebを使っています。
%(pause)d 秒ごとに、どれかの機器がしてはならないことをします。内容はここに表示され、画面の
「現在」にアラートが自動で現れます。開くと、理由・ログの行・次にすることが読めます。
Ctrl-C で終了します。
""") % {"name": self.institution, "console": self.console, "user": self.args.user,
        "password": self.password, "proxy": self.args.proxy_port, "log": self.access_log,
        "pause": self.args.pause})

    def tell_act(self, act):
        tell("%s  %-13s %s" % (time.strftime("%H:%M:%S"), act["who"],
                               say(act["what"]["en"], act["what"]["ja"])))

    def start_all(self):
        self.start_center()
        self.start_squid()
        self.start_node()
        self.greet()

    async def run(self):
        origin = Origin()
        await origin.start(self.args.origin_port)
        clients = Clients(self.traffic, self.args.proxy_port, self.args.rate, self.args.pause,
                          self.args.seed, self.tell_act)
        people = asyncio.ensure_future(clients.run())
        until = time.monotonic() + self.args.seconds if self.args.seconds else None
        try:
            while until is None or time.monotonic() < until:
                for process in self.processes:
                    process.check()
                await asyncio.sleep(0.5)
        finally:
            people.cancel()
            await origin.stop()


def parse_arguments():
    p = argparse.ArgumentParser(description="Run the demonstration; Ctrl-C stops it.")
    p.add_argument("--console-port", type=int, default=8440, help="default: %(default)s")
    p.add_argument("--node-port", type=int, default=8441, help="default: %(default)s")
    p.add_argument("--proxy-port", type=int, default=8442, help="Squid's; default: %(default)s")
    p.add_argument("--origin-port", type=int, default=8443, help="default: %(default)s")
    p.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "demo",
                   help="data and logs, made anew; default: build/demo")
    p.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "hinomi")
    p.add_argument("--user", default="demo", help="name to sign in with; default: %(default)s")
    p.add_argument("--rate", type=float, default=8, help="ordinary requests a second")
    p.add_argument("--pause", type=int, default=6, help="seconds between suspicious acts")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seconds", type=int, default=0, help="end after so long; default: never")
    args = p.parse_args()
    args.folder, args.binary = args.folder.resolve(), args.binary.resolve()
    return args


def stop(signum, frame):
    raise KeyboardInterrupt


def main():
    args = parse_arguments()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        if not args.binary.exists():
            raise Trouble(say("%s is not there; `make build` makes it",
                              "%s がありません。`make build` で作れます") % args.binary)
        check_ports({"console": args.console_port, "node": args.node_port,
                     "proxy": args.proxy_port, "origin": args.origin_port})
        traffic = yaml.safe_load((ROOT / "demo" / "traffic.yaml").read_text(encoding="utf-8"))
        with contextlib.ExitStack() as stack:
            demo = Demo(args, traffic, stack)
            demo.clean_folder()
            try:
                demo.start_all()
                asyncio.run(demo.run())
            finally:  # a second Ctrl-C must not leave anything behind
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
    except Trouble as trouble:
        print("demo: %s" % trouble, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        tell(say("\nstopped", "\n終了しました"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
