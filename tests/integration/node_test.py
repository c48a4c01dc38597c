"""A real node before a strict sink: sources of every kind, and everything that goes wrong.

The sink (sink.py) checks each batch against the wire contract.
"""
import gzip
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import harness
import sink as sinks
from harness import free_port, hinomi, wait_until


def address(port):
    return "'127.0.0.1:%d'" % port


@unittest.skipUnless(shutil.which("openssl"), "openssl makes the certificates of these tests")
class NodeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-node-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "logs" / "access.log"
        self.log.parent.mkdir()
        self.written = 0

    def world(self, sources=None, settings="", life=3600):
        self.sink = sinks.Sink(self.folder / "sink", life=life)
        self.addCleanup(self.sink.stop)
        self.node = harness.Node(self.folder / "node", sources or [
            {"name": "proxy", "path": self.log}], "timeout: 3s\n" + settings)
        self.addCleanup(self.node.stop)
        self.node.enroll(self.sink.url(), self.sink.token())
        self.node.start()
        wait_until((self.node.data / "status.json").exists, 20, "the node starts")

    def tearDown(self):
        if hasattr(self, "sink"):
            self.assertIsNone(self.sink.broken)

    def write(self, count, path=None):
        with open(path or self.log, "a") as f:
            for _ in range(count):
                f.write("line %d\n" % self.written)
                self.written += 1

    def expect_all(self, source="proxy", seconds=30):
        want = ["line %d" % n for n in range(self.written)]
        wait_until(lambda: len(self.sink.lines(source)) >= len(want), seconds,
                   "all lines arrive (log: %s)" % self.node.log)
        self.assertEqual(sorted(self.sink.lines(source)), sorted(want))

    def status(self):
        done = hinomi("node", "status", "--json", "--data", self.node.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def node_log(self):
        return self.node.log.read_text()

    def test_a_line_arrives_within_a_second(self):
        self.world()
        self.write(1)
        self.expect_all()
        delays = []
        for _ in range(10):
            start = time.monotonic()
            self.write(1)
            self.expect_all()
            delays.append(time.monotonic() - start)
        self.assertLess(sorted(delays)[5], 1, delays)

    def test_rotations_and_restarts_lose_nothing(self):
        self.world()
        for turn in range(12):
            self.write(50)
            if turn % 4 == 0:
                self.log.rename(self.log.with_name("access.log.%d" % (turn + 1)))
            elif turn % 4 == 1:
                copy = self.log.with_name("access.log.%d" % (turn + 1))
                shutil.copyfile(self.log, copy)
                os.truncate(self.log, 0)
            elif turn % 4 == 2:
                self.node.process.send_signal(signal.SIGKILL)
                self.node.process.wait()
                self.write(20)
                old = self.log.with_name("access.log.%d" % (turn + 1))
                self.log.rename(old)
                with open(old, "rb") as f, gzip.open(str(old) + ".gz", "wb") as out:
                    shutil.copyfileobj(f, out)
                old.unlink()
                self.write(20)
                self.node.start()
            time.sleep(0.1)
        self.expect_all()

    @unittest.skipUnless(shutil.which("logrotate"), "logrotate is not here")
    def test_the_real_logrotate(self):
        self.world()
        rules = self.folder / "logrotate.conf"
        for mode in ("create", "copytruncate", "compress\ncreate"):
            self.write(100)
            rules.write_text("su root root\n%s {\nrotate 9\n%s\n}\n" % (self.log, mode))
            rules.chmod(0o644)
            subprocess.run(["logrotate", "-f", "-s", self.folder / "state", rules], check=True)
            self.write(10)
            self.expect_all()

    def test_syslog_over_udp_and_tcp(self):
        udp, tcp, tls = free_port(), free_port(), free_port()
        self.world([{"name": "装置", "syslog": "{udp: %s, tcp: %s, tls: %s}" %
                     (address(udp), address(tcp), address(tls))}])
        wait_until(lambda: harness.answers(tcp), 10, "the node listens")
        for args in (["--udp", "--port", udp], ["--tcp", "--octet-count", "--port", tcp],
                     ["--tcp", "--port", tcp]):
            subprocess.run(["logger", "--server", "127.0.0.1", "--rfc5424", "-t", "test",
                            *map(str, args), "hello " + args[0]], check=True)
        with socket.create_connection(("127.0.0.1", tcp)) as s:
            s.sendall(b"30 <13>1 - - - - - two\nlines and 11 <13>no end")
        plain = ssl.create_default_context()
        plain.check_hostname = False
        plain.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", tls)) as s:
            with plain.wrap_socket(s) as t:
                t.sendall(b"<13>secret\n<13>and more\n")
        wait_until(lambda: len(self.sink.lines("装置")) >= 7, 10, "syslog arrives")
        text = "\n".join(sorted(self.sink.lines("装置")))
        self.assertEqual(text.count("hello --udp"), 1)
        self.assertEqual(text.count("hello --tcp"), 2)
        self.assertIn("two\\nlines and ", text)
        self.assertIn("<13>no end", text)
        self.assertIn("<13>secret", self.sink.lines("装置"))

    def bulk(self, port, body, *options, path="/_bulk"):
        done = subprocess.run(
            ["curl", "-sS", "-o", "-", "-D", self.folder / "head", "-w", "\n%{http_code}", *options,
             "-H", "Content-Type: application/x-ndjson", "--data-binary", "@-",
             "http://127.0.0.1:%d%s" % (port, path)], input=body, capture_output=True, check=True)
        text, code = done.stdout.decode().rsplit("\n", 1)
        return int(code), json.loads(text)

    def test_bulk_requests_are_durable_when_answered(self):
        port = free_port()
        self.world([{"name": "one", "bulk": "{listen: %s, index: one}" % address(port)},
                    {"name": "rest", "bulk": "{listen: %s}" % address(port)}])
        wait_until(lambda: harness.answers(port), 10, "the node listens")
        body = b'{"create":{}}\n{"a":1}\n{"index":{"_index":"one","_id":"x"}}\n{"b":2}\n' \
               b'{"delete":{"_id":"1"}}\n'
        self.sink.mood = 503
        code, said = self.bulk(port, body, path="/logs/_bulk")
        self.assertEqual(code, 200)
        self.assertIn("X-Elastic-Product: Elasticsearch", (self.folder / "head").read_text())
        self.assertTrue(said["errors"])
        self.assertEqual([list(item.values())[0]["status"] for item in said["items"]], [201, 201, 400])
        self.node.process.send_signal(signal.SIGKILL)
        self.node.process.wait()
        self.sink.mood = 200
        self.node.start()
        wait_until(lambda: self.sink.lines("one") and self.sink.lines("rest"), 20, "they arrive")
        self.assertEqual(self.sink.lines("one"), ['{"b":2}'])
        self.assertEqual(self.sink.lines("rest"), ['{"a":1}'])
        zipped = gzip.compress(b'{"create":{}}\n{"c":3}\n')
        wait_until(lambda: harness.answers(port), 10, "the node listens")
        self.assertEqual(self.bulk(port, zipped, "-H", "Content-Encoding: gzip")[0], 200)
        self.assertEqual(self.bulk(port, zipped[:20], "-H", "Content-Encoding: gzip")[0], 400)
        bomb = gzip.compress(b"\0" * (64 << 20))
        self.assertEqual(self.bulk(port, bomb, "-H", "Content-Encoding: gzip")[0], 413)
        self.assertEqual(self.bulk(port, b"nonsense\n")[0], 400)
        self.assertEqual(self.bulk(port, b"x" * (9 << 20))[0], 413)

    def test_bulk_asks_for_the_password_it_was_given(self):
        port = free_port()
        secret = self.folder / "secret"
        secret.write_text("s3cret\n")
        self.world([{"name": "b", "bulk": "{listen: %s}" % address(port)}],
                   "bulk_user: beats\nbulk_password_file: %s\n" % secret)
        wait_until(lambda: harness.answers(port), 10, "the node listens")
        body = b'{"create":{}}\n{"a":1}\n'
        self.assertEqual(self.bulk(port, body)[0], 401)
        self.assertEqual(self.bulk(port, body, "-u", "beats:wrong")[0], 401)
        self.assertEqual(self.bulk(port, body, "-u", "beats:s3cret")[0], 200)

    def test_a_difficult_center_costs_nothing(self):
        self.world()
        for mood in (503, 429, "hang", "cut", 500, 404, 401):
            self.sink.mood = mood
            self.write(30)
            time.sleep(0.7)
            self.sink.mood = 200
            self.sink.hung.set()
            self.write(5)
        self.expect_all(seconds=90)

    def test_a_cut_link_is_mended(self):
        self.world()
        self.write(10)
        self.expect_all()
        self.sink.stop()
        self.write(500)
        wait_until(lambda: "batches wait" in self.node_log(), 20, "the node says so")
        self.sink.start()
        self.expect_all()
        self.assertIn("connected to the center", self.node_log())

    def test_connections_that_fail_together_are_one_failure(self):
        self.world()
        self.write(1)
        self.expect_all()
        self.sink.mood = 500
        self.write(250_000)  # more batches than there are connections
        wait_until(lambda: self.sink.refused > 8, 20, "all of them fail, and one more try")
        self.sink.mood = 200
        # Counted one by one they would ask for a pause of half a minute at least.
        wait_until(lambda: len(self.sink.lines("proxy")) == self.written, 20, "they arrive soon")

    def test_a_refused_batch_steps_aside_and_can_come_back(self):
        self.world()
        self.sink.mood = 400
        self.write(3)
        wait_until(lambda: self.sink.refused > 0, 10, "the batch is refused")
        self.sink.mood = 200
        self.write(3)
        wait_until(lambda: len(self.sink.lines("proxy")) == 3, 10, "the next one goes on")
        self.assertIn("it is set aside", self.node_log())
        self.node.stop()
        status = hinomi("node", "status", "--data", self.node.data)
        self.assertEqual(status.returncode, 1)
        self.assertIn("requeue", status.stdout)
        self.assertEqual(hinomi("node", "requeue", "--data", self.node.data).returncode, 0)
        self.node.start()
        self.expect_all()

    def fill_spool(self, policy):
        self.world(settings="spool_limit: 1MiB\nspool_full: %s\n" % policy)
        self.write(1)
        self.expect_all()
        self.sink.mood = 503
        with open(self.log, "a") as f:
            for _ in range(60):
                f.write("".join("noise %s\n" % os.urandom(40).hex() for _ in range(600)))
                f.flush()
                time.sleep(0.01)

    def test_a_full_spool_holds_back(self):
        self.fill_spool("keep-oldest")
        wait_until(lambda: "the spool is full" in self.node_log(), 30, "it says so")
        self.sink.mood = 200
        wait_until(lambda: len(self.sink.lines("proxy")) == 36001, 60, "all arrives in the end")
        self.assertEqual(self.sink.stream("proxy"), self.log.read_bytes())

    def test_a_full_spool_drops_the_oldest_and_says_how_many(self):
        self.fill_spool("keep-newest")

        def dropped():
            return self.status()["sources"][0]["dropped_lines"]
        wait_until(lambda: dropped() > 0, 30, "it counts")
        time.sleep(2)
        self.sink.mood = 200
        wait_until(lambda: self.sink.lines("proxy")[-1] == self.log.read_text().splitlines()[-1], 60,
                   "the newest arrive")
        wait_until(lambda: dropped() + len(set(self.sink.lines("proxy"))) == 36001, 60,
                   "dropped and delivered make all")

    def test_masked_values_stay_in_the_hospital(self):
        self.world([{"name": "proxy", "path": self.log, "codec": "squid",
                     "mask": "{user: true, query: true}"}])
        with open(self.log, "a") as f:
            f.write("1763856000.000 5 10.0.0.9 TCP_MISS/200 99 GET http://x.example/p?id=4711 "
                    "tanaka HIER_DIRECT/192.0.2.1 text/html\nnot a squid line about tanaka\n")
        wait_until(lambda: len(self.sink.lines("proxy")) == 2, 10, "they arrive")
        first, second = self.sink.lines("proxy")
        for secret in ("tanaka", "4711"):
            self.assertNotIn(secret, first + second)
        url, user = first.split()[6], first.split()[7]
        self.assertTrue(url.startswith("http://x.example/p?q~"))
        done = hinomi("node", "unmask", user, url.split("?")[1], "--data", self.node.data)
        self.assertEqual(done.stdout, "tanaka\nid=4711\n")
        (self.node.data / "pki" / "mask.key").write_text("0" * 64)
        self.assertEqual(hinomi("node", "unmask", user, "--data", self.node.data).returncode, 1)

    def test_certificates_renew_by_themselves(self):
        self.world(life=25)  # 60 s of 85 are over: it is due
        self.sink.life = 3600
        self.node.stop()
        self.sink.stop()
        self.sink.start()
        before = (self.node.data / "pki" / "node.pem").read_text()
        self.node.start()
        wait_until(lambda: self.sink.renewals > 0, 10, "the node asks for a new certificate")
        wait_until(lambda: (self.node.data / "pki" / "node.pem").read_text() != before, 10,
                   "it is written")
        self.write(5)
        self.expect_all()
        self.assertIn("certificate renewed", self.node_log())

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "root can become another user")
    def test_its_work_is_done_in_its_sandbox(self):
        """Every way in and out at once, as a user without privileges: nothing it needs is refused."""
        tcp, bulk = free_port(), free_port()
        self.world([{"name": "proxy", "path": self.log},
                    {"name": "fw", "syslog": "{tcp: %s}" % address(tcp)},
                    {"name": "es", "bulk": "{listen: %s}" % address(bulk)}], life=25)
        self.node.stop()
        self.sink.life = 3600
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, 65534, 65534)
        self.start_as_nobody()
        wait_until(lambda: harness.answers(tcp) and harness.answers(bulk), 10, "it listens")
        self.write(50)
        self.log.rename(self.log.with_name("access.log.1"))
        self.write(50)
        self.expect_all()
        with socket.create_connection(("127.0.0.1", tcp)) as s:
            s.sendall(b"<13>hello\n")
        self.assertEqual(self.bulk(bulk, b'{"create":{}}\n{"a":1}\n')[0], 200)
        wait_until(lambda: self.sink.lines("fw") and self.sink.lines("es"), 10, "they arrive")
        wait_until(lambda: self.sink.renewals > 0 and "certificate renewed" in self.node_log(), 10,
                   "the certificate is renewed")
        wait_until(lambda: len(self.sink.reports) > 1, 15, "it reports")
        self.node.stop()
        self.assertEqual(self.node.process.returncode, 0, self.node_log())
        self.assertNotIn("error", self.node_log())
        # Resolving a name takes threads, sockets and files of its own.
        self.node.config.write_text(self.node.text + "center: 'https://hinomi.invalid:1'\n")
        self.start_as_nobody()
        wait_until(lambda: "resolve host" in self.node_log(), 20, "it asked for the name")
        self.node.stop()
        self.assertEqual(self.node.process.returncode, 0, self.node_log())

    def start_as_nobody(self):
        # Inside the sandbox a leak checker cannot look at its own process.
        quiet = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        with open(self.node.log, "ab") as log:
            self.node.process = subprocess.Popen(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", harness.HINOMI,
                 "node", "--config", self.node.config, "--data", self.node.data],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=quiet)

    def test_headers_of_a_file_follow_its_later_batches(self):
        self.world([{"name": "iis", "path": self.log}])
        self.log.write_text("#Fields: date time c-ip\n2026-11-23 00:00:00 10.0.0.1\n")
        wait_until(lambda: len(self.sink.batches) == 1, 10, "the first batch")
        with open(self.log, "a") as f:
            f.write("2026-11-23 00:00:01 10.0.0.1\n")
        wait_until(lambda: len(self.sink.batches) == 2, 10, "the second batch")
        self.assertEqual(self.sink.batches["iis", 1][3], b"")
        self.assertEqual(self.sink.batches["iis", 2][3], b"#Fields: date time c-ip\n")

    def test_status_is_reported(self):
        self.world()
        self.write(7)
        self.expect_all()
        wait_until(lambda: self.sink.reports and self.sink.reports[-1]["sources"][0]["lines"] == 7, 25,
                   "a report with all lines")
        report = self.sink.reports[-1]
        self.assertEqual(report["sources"][0]["lag_bytes"], 0)
        self.assertEqual(set(report["spool"]) - {"oldest"}, {"bytes", "batches", "limit"})
        self.assertEqual(hinomi("node", "status", "--data", self.node.data).returncode, 0)

    def refused_enrolment(self, url, token):
        done = hinomi("node", "enroll", url, token, "--data", self.folder / "other")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertFalse((self.folder / "other" / "pki" / "enrolled.json").exists())
        return done.stderr

    def test_enrolment_trusts_nobody_but_the_token(self):
        self.world()
        good = self.sink.token()
        self.assertIn("not a token", self.refused_enrolment(self.sink.url(), "abc"))
        self.assertIn("is not the center that made this token",
                      self.refused_enrolment(self.sink.url(), good[:-64] + "0" * 64))
        self.assertIn("not known", self.refused_enrolment(self.sink.url(), "B" + good[1:]))
        self.assertIn("https://", self.refused_enrolment("http://127.0.0.1:1", good))
        done = hinomi("node", "enroll", self.sink.url(), good, "--data", self.node.data)
        self.assertIn("enrolled already", done.stderr)

    def test_a_node_that_cannot_start_says_why(self):
        self.world()
        second = hinomi("node", "--config", self.node.config, "--data", self.node.data)
        self.assertEqual(second.returncode, 3)
        self.assertIn("running already", second.stderr)
        bad = self.folder / "bad.yaml"
        bad.write_text("sources:\n- {name: a}\n")
        done = hinomi("node", "--config", bad, "--data", self.folder / "x")
        self.assertIn("bad.yaml:2:", done.stderr)
        self.assertEqual(done.returncode, 3)
        bad.write_text("sources:\n- {name: a, path: /x}\n")
        done = hinomi("node", "--config", bad, "--data", self.folder / "x")
        self.assertIn("not enrolled", done.stderr)


if __name__ == "__main__":
    unittest.main()
