#!/usr/bin/env python3
"""The serve role against nodes, people and strangers, over real sockets and under its real sandbox."""
import http.client
import itertools
import json
import os
import pathlib
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import HINOMI, Center, free_port, hinomi, wait_until  # noqa: E402
from schema import Validator  # noqa: E402
from serving import (Enrolled, NodeClient, Person, change_store, fetch_ca, frame_header, make_key_and_request,  # noqa: E402
                     make_user, openssl, preamble, put_alert, send_raw, zstd_bomb, zstd_frame)

RAW = b"one line\nand another\nand one without an end"


class Served(unittest.TestCase):
    """One center for all tests of a class."""
    settings = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-server-"))
        cls.center = Center(cls.folder / "data", cls.settings)
        cls.center.start()
        cls.center.admin("institution", "add", "北病院", "--id", "kita", "--beds", "120")
        cls.center.admin("institution", "add", "南病院", "--id", "minami")

    @classmethod
    def tearDownClass(cls):
        cls.center.stop()
        log = cls.center.log.read_text(errors="replace")
        shutil.rmtree(cls.folder)
        for word in ("Sanitizer", "runtime error", "Assertion", "killed by signal"):
            assert word not in log, log

    def stored(self, sql, *values):
        db = sqlite3.connect(self.center.data / "store" / "batches.db", timeout=20)
        rows = db.execute(sql, values).fetchall()
        db.close()
        return rows

    def assertProblem(self, status, body, want_status, code):
        self.assertEqual((status, body.get("code")), (want_status, code), body)
        self.assertTrue(body["detail"] and body["title"] and body["type"], body)


class Nodes(Served):
    def setUp(self):
        self.node = Enrolled(self.folder, self.center, "kita", self.id().split(".")[-1])
        self.client = self.node.client()
        self.addCleanup(self.client.close)

    def refused(self, expected, code="bad-batch", **batch):
        r, body = self.client.batch(RAW, 1, **batch)
        self.assertProblem(r.status, body, expected, code)
        self.assertIn("application/problem+json", r.getheader("Content-Type"))
        self.assertTrue(body["detail_ja"])

    def test_a_batch_is_stored_once_and_its_repeat_changes_nothing(self):
        for want in ("stored", "repeat", "repeat"):
            r, body = self.client.batch(RAW, 1)
            self.assertEqual((r.status, body["fate"]), (200, want))
        self.assertEqual(len(self.stored("SELECT 1 FROM batch JOIN stream ON id = stream WHERE node = ?", self.node.id)), 1)

    def test_a_sequence_number_holds_one_batch_for_ever(self):
        self.assertEqual(self.client.batch(RAW, 1)[0].status, 200)
        r, body = self.client.batch(b"something else\n", 1)
        self.assertProblem(r.status, body, 409, "sequence-conflict")
        self.assertEqual(self.client.batch(b"something else\n", 2)[0].status, 200)

    def test_lies_about_size_and_count_are_refused_and_nothing_is_stored(self):
        self.refused(400, Bytes=str(len(RAW) + 1))
        self.refused(400, Lines="2")
        self.refused(400, Lines="4")
        self.refused(400, frame=zstd_frame(RAW, stated_size=len(RAW) - 1), Bytes=str(len(RAW) - 1))
        self.refused(400, frame=zstd_frame(RAW, stated_size=len(RAW) + 1), Bytes=str(len(RAW) + 1))
        self.refused(400, frame=zstd_frame(RAW, stated=False))
        self.refused(400, frame=zstd_frame(RAW) + b"x")
        self.refused(400, frame=zstd_frame(RAW) + zstd_frame(b"y"))
        self.refused(400, frame=zstd_frame(RAW)[:-5])
        self.refused(400, frame=b"no zstd")
        self.refused(400, frame=b"")
        self.assertEqual(self.stored("SELECT 1 FROM batch JOIN stream ON id = stream WHERE node = ?", self.node.id), [])

    def test_a_bomb_is_not_unpacked(self):
        self.refused(400, frame=zstd_bomb(1 << 31, 200), Bytes="262144")
        self.refused(400, frame=zstd_bomb(262144, 200), Bytes="262144", Lines="1")
        self.refused(400, frame=frame_header(262145) + b"\1\0\0", Bytes="262145")

    def test_headers_are_read_strictly(self):
        for name, values in {
            "Source": [None, "", "%", "%4", "%zz", "%00", "%0a", "%ff%fe", "x" * 129],
            "Sequence": [None, "0", "-1", "1x", "99999999999999999999"],
            "Offset": [None, "-1", "x"],
            "Bytes": [None, "0", "262145"],
            "Lines": [None, "0"],
            "Received": [None, "yesterday", "2026-13-01T00:00:00Z"],
            "Config": ["[]", "{", '"x"', "{\"a\": \"%s\"}" % ("x" * 5000)],
        }.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    self.refused(400, **{name: value})

    def test_names_and_preambles_arrive_as_they_were(self):
        r, body = self.client.request("POST", "/v1/batches", zstd_frame(RAW), {
            "Hinomi-Source": "%E5%8C%97/proxy 1", "Hinomi-Sequence": "1", "Hinomi-Offset": "77",
            "Hinomi-Bytes": str(len(RAW)), "Hinomi-Lines": "3",
            "Hinomi-Received": "2026-11-23T10:02:03+09:00", "Hinomi-Preamble": preamble(b"#Fields: a b\n")})
        self.assertEqual(r.status, 200, body)

    def test_a_body_over_the_limit_is_refused(self):
        self.refused(413, "too-large", frame=b"x" * (300 * 1024 + 1))
        client = self.node.client()
        client.http.putrequest("POST", "/v1/batches")
        client.http.putheader("Transfer-Encoding", "chunked")
        client.http.endheaders()
        self.assertEqual(client.http.getresponse().status, 411)
        client.close()

    def test_without_a_certificate_or_with_a_foreign_one_nothing_is_taken(self):
        client = NodeClient(self.center.node_port, self.node.ca)
        r, body = client.batch(RAW, 1)
        self.assertProblem(r.status, body, 401, "no-certificate")
        client.close()
        key, cert = self.folder / "foreign.key", self.folder / "foreign.crt"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=" + self.node.id, "-days", "2", "-keyout", key, "-out", cert)
        client = NodeClient(self.center.node_port, self.node.ca, cert, key)
        r, body = client.batch(RAW, 1)
        self.assertProblem(r.status, body, 403, "foreign-certificate")
        client.close()

    def test_the_servers_own_certificate_is_no_nodes(self):
        pki = self.center.data / "pki"
        client = NodeClient(self.center.node_port, self.node.ca, pki / "server.crt", pki / "server.key")
        r, body = client.batch(RAW, 1)
        self.assertProblem(r.status, body, 403, "foreign-certificate")
        client.close()

    def test_a_revoked_node_is_refused_on_an_open_connection(self):
        self.assertEqual(self.client.batch(RAW, 1)[0].status, 200)
        self.center.admin("node", "revoke", self.node.id)
        r, body = self.client.batch(RAW, 2)
        self.assertProblem(r.status, body, 403, "node-revoked")

    def test_status_is_taken_and_bounded(self):
        source = {"name": "proxy", "codec": "squid", "lines": 3, "read_bytes": 9, "lag_bytes": 1,
                  "last_line": "2026-11-23T01:02:03Z", "dropped_lines": 0, "errors": ["a", "b"]}
        whole = {"version": "1.2", "spool": {"bytes": 1, "batches": 1, "oldest": None, "limit": 9},
                 "sources": [source]}
        self.assertEqual(self.client.json("POST", "/v1/status", whole)[0], 200)
        for wrong in [{"version": 1}, {"sources": [{}]}, {"sources": [dict(source, name="x" * 129)]},
                      {"sources": [source] * 257}, {"spool": {"bytes": -1}}, [],
                      {"sources": [dict(source, errors=["x"] * 17)]}]:
            status, body = self.client.json("POST", "/v1/status", wrong)
            self.assertProblem(status, body, 400, "bad-body")

    def test_a_node_renews_its_own_certificate(self):
        status, body = self.client.json("POST", "/v1/renew", {"csr": self.node.csr})
        self.assertEqual(status, 200)
        self.assertIn("BEGIN CERTIFICATE", body["certificate"])
        status, body = self.client.json("POST", "/v1/renew", {"csr": "nonsense"})
        self.assertProblem(status, body, 400, "bad-body")

    def test_unknown_addresses_and_methods_are_named(self):
        for method, path, status, code in [("GET", "/v1/batches", 405, "method-not-allowed"),
                                           ("GET", "/nothing", 404, "not-found"),
                                           ("GET", "/api/v1/alerts", 404, "not-found"),
                                           ("PUT", "/v1/batches", 405, "method-not-allowed")]:
            r, body = self.client.request(method, path)
            self.assertProblem(r.status, json.loads(body), status, code)

    def test_many_connections_share_commits_and_lose_nothing(self):
        clients = [self.node.client() for _ in range(8)]
        for n in range(20):
            for i, c in enumerate(clients):  # all send before any is read
                c.http.request("POST", "/v1/batches", zstd_frame(b"line %d\n" % (n * 8 + i)), {
                    "Hinomi-Source": "many", "Hinomi-Sequence": str(n * 8 + i + 1), "Hinomi-Offset": "0",
                    "Hinomi-Bytes": str(len(b"line %d\n" % (n * 8 + i))), "Hinomi-Lines": "1",
                    "Hinomi-Received": "2026-11-23T01:02:03Z"})
            for c in clients:
                r = c.http.getresponse()
                self.assertEqual((r.status, r.read()), (200, b'{"fate":"stored"}'))
        for c in clients:
            c.close()
        self.assertEqual(self.stored("SELECT count(*) FROM batch JOIN stream ON id = stream "
                                     "WHERE node = ? AND source = 'many'", self.node.id), [(160,)])


class Enrolment(Served):
    def enroll(self, token, csr):
        client = NodeClient(self.center.node_port, fetch_ca(self.center.node_port)[0], source=self.source)
        status, body = client.json("POST", "/v1/enroll", {"token": token, "csr": csr, "version": "t"})
        client.close()
        return status, body

    addresses = itertools.count(10)

    def setUp(self):
        self.source = "127.0.0.%d" % next(self.addresses)  # so that no test slows another down
        self.csr = make_key_and_request(self.folder, self.id().split(".")[-1])[1].read_text()
        self.token = self.center.admin("token", "北病院").strip()

    def test_a_token_works_once(self):
        status, body = self.enroll(self.token, self.csr)
        self.assertEqual((status, body["institution"]), (200, {"id": "kita", "name": "北病院"}))
        status, body = self.enroll(self.token, self.csr)
        self.assertProblem(status, body, 401, "token-used")

    def test_wrong_and_expired_tokens_and_bad_requests_are_refused(self):
        status, body = self.enroll("x" * 43, self.csr)
        self.assertProblem(status, body, 401, "token-refused")
        status, body = self.enroll(self.token, "no request")
        self.assertProblem(status, body, 400, "bad-body")
        change_store(self.center, "UPDATE token SET expires = 1 WHERE used IS NULL")
        status, body = self.enroll(self.token, self.csr)
        self.assertProblem(status, body, 401, "token-expired")

    def test_a_bad_request_does_not_cost_the_token(self):
        self.assertEqual(self.enroll(self.token, "no request")[0], 400)
        self.assertEqual(self.enroll(self.token, self.csr)[0], 200)

    def test_guessing_is_slowed_down(self):
        answers = [self.enroll("%043d" % i, self.csr) for i in range(5)]
        self.assertEqual(answers[-1][0], 429)
        self.assertEqual(answers[-1][1]["code"], "slow-down")


class ShortLife(Served):
    settings = "node_certificate_life: 2s\n"

    def test_an_expired_certificate_is_refused_also_on_an_open_connection(self):
        node = Enrolled(self.folder, self.center, "kita", "short")
        client = node.client()
        client.batch(RAW, 1)
        wait_until(lambda: client.batch(RAW, 1)[0].status == 401, 10, "the certificate expires")
        again = node.client()
        for c in (client, again):
            r, body = c.batch(RAW, 2)
            self.assertProblem(r.status, body, 401, "certificate-expired")
            c.close()


class People(Served):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.all_password = make_user(cls.center, "tanaka", "lead")
        cls.kita_password = make_user(cls.center, "suzuki", "analyst", "--institution", "kita")
        cls.kita_alert = put_alert(cls.center, 1, "kita")
        cls.minami_alert = put_alert(cls.center, 2, "minami")
        cls.node = Enrolled(cls.folder, cls.center, "kita", "people-node")
        client = cls.node.client()
        client.batch(RAW, 1)
        client.json("POST", "/v1/status", {
            "version": "1.2", "spool": {"bytes": 1, "batches": 1, "oldest": "2026-11-23T01:02:03Z", "limit": 9},
            "sources": [{"name": "proxy", "codec": "squid", "errors": ["oh"]}]})
        client.close()
        cls.schema = None

    def person(self, name="tanaka", source="127.0.0.1"):
        p = Person(self.center.console_port, source)
        r, body = p.sign_in(name, self.all_password if name == "tanaka" else self.kita_password)
        self.assertEqual(r.status, 200, body)
        return p

    def fits(self, r, body, path, method="get"):
        """The answer is what openapi.yaml says of this operation and status."""
        if People.schema is None:
            People.schema = Person(self.center.console_port).call("GET", "/api/v1/openapi.json")[1]
        operation = self.schema["paths"][path][method]
        response = operation["responses"][str(r.status)]
        validator = Validator(self.schema)
        if "$ref" in response:
            response = validator.resolve(response["$ref"])
        kind = r.getheader("Content-Type").split(";")[0]
        validator.check(body, response["content"][kind]["schema"])

    def test_answers_are_what_the_document_says(self):
        p, nobody = self.person(), Person(self.center.console_port)
        for path, real in [("/session", "/session"), ("/alerts", "/alerts?status=all&limit=1"),
                           ("/alerts", "/alerts?level=high,low&q=direct&detector=sigma"),
                           ("/alerts/{alert}", "/alerts/" + self.kita_alert),
                           ("/institutions", "/institutions"),
                           ("/institutions/{institution}", "/institutions/kita"),
                           ("/institutions/{institution}", "/institutions/minami"),
                           ("/overview", "/overview")]:
            with self.subTest(path=real):
                r, body = p.call("GET", "/api/v1" + real)
                self.assertEqual(r.status, 200, body)
                self.fits(r, body, path)
                r, body = nobody.call("GET", "/api/v1" + real)
                self.assertProblem(r.status, body, 401, "not-signed-in")
                self.fits(r, body, path)

    def test_every_route_knows_nothing_outside_the_scope(self):
        suzuki = self.person("suzuki")
        for method, path in [("GET", "/alerts/" + self.minami_alert),
                             ("POST", "/alerts/%s/close" % self.minami_alert),
                             ("POST", "/alerts/%s/reopen" % self.minami_alert),
                             ("GET", "/institutions/minami")]:
            r, body = suzuki.call(method, "/api/v1" + path,
                                  {"reason": "benign"} if path.endswith("close") else None)
            self.assertProblem(r.status, body, 404, "not-found")
        seen = {}
        for path in ("/alerts?status=all", "/alerts?status=all&institution=minami", "/institutions", "/session",
                     "/overview", "/institutions/kita"):
            seen[path] = suzuki.call("GET", "/api/v1" + path)[1]
            self.assertNotIn("minami", json.dumps(seen[path]), path)
        self.assertIn(self.kita_alert, [a["id"] for a in seen["/alerts?status=all"]["items"]])
        self.assertEqual(seen["/alerts?status=all&institution=minami"]["items"], [])
        self.assertEqual([i["id"] for i in seen["/institutions"]["items"]], ["kita"])
        self.assertEqual(sum(seen["/overview"]["institutions"].values()), 1)
        self.assertEqual(self.person().call("GET", "/api/v1/alerts/" + self.minami_alert)[0].status, 200)

    def test_every_route_of_the_document_was_walked(self):
        r, document = Person(self.center.console_port).call("GET", "/api/v1/openapi.json")
        self.assertEqual(sorted(document["paths"]), sorted([
            "/session", "/alerts", "/alerts/{alert}", "/alerts/{alert}/close", "/alerts/{alert}/reopen",
            "/institutions", "/institutions/{institution}", "/overview", "/stream", "/openapi.json"]))

    def test_closing_needs_the_header_happens_once_and_is_audited(self):
        alert = put_alert(self.center, 3, "kita")
        p, path = self.person(), "/api/v1/alerts/%s/" % alert
        r, body = p.call("POST", path + "close", {"reason": "benign"}, {"Hinomi-Csrf": ""})
        self.assertProblem(r.status, body, 403, "csrf")
        r, body = p.call("POST", path + "close", {"reason": "benign"}, {"Hinomi-Csrf": "x" * 43})
        self.assertProblem(r.status, body, 403, "csrf")
        for wrong in ({}, {"reason": "boredom"}, {"reason": "benign", "comment": "x" * 2001}):
            self.assertProblem(*self.flat(p.call("POST", path + "close", wrong)), 400, "bad-body")
        r, body = p.call("POST", path + "close", "reason=benign")
        self.assertProblem(r.status, body, 400, "bad-body")
        r, body = p.call("POST", path + "close", {"reason": "benign", "comment": "点検"})
        self.assertEqual((r.status, body["status"], body["closed"]["by"]), (200, "closed", "tanaka"), body)
        self.fits(r, body, "/alerts/{alert}/close", "post")
        self.assertProblem(*self.flat(p.call("POST", path + "close", {"reason": "benign"})), 409, "already-closed")
        r, body = p.call("POST", path + "reopen")
        self.assertEqual((r.status, body["status"], body["closed"]), (200, "open", None))
        self.assertProblem(*self.flat(p.call("POST", path + "reopen")), 409, "not-closed")
        verdict = hinomi("audit", "verify", "--data", self.center.data)
        self.assertEqual(verdict.returncode, 0, verdict.stderr)

    @staticmethod
    def flat(answer):
        return answer[0].status, answer[1]

    def test_the_same_key_does_it_once(self):
        alert = put_alert(self.center, 4, "kita")
        p, path = self.person(), "/api/v1/alerts/%s/close" % alert
        key = {"Idempotency-Key": "key-number-1"}
        first = p.call("POST", path, {"reason": "benign"}, key)
        again = p.call("POST", path, {"reason": "benign"}, key)
        self.assertEqual((first[0].status, first[1]), (again[0].status, again[1]))
        other = p.call("POST", path, {"reason": "duplicate"}, key)
        self.assertProblem(*self.flat(other), 409, "idempotency-conflict")
        bad = p.call("POST", path, {"reason": "duplicate"}, {"Idempotency-Key": "short"})
        self.assertProblem(*self.flat(bad), 400, "bad-parameter")

    def test_pages_follow_each_other_and_bad_parameters_are_named(self):
        for n in range(10, 15):
            put_alert(self.center, n, "minami")
        p, seen, cursor = self.person(), [], ""
        while cursor is not None:
            r, page = p.call("GET", "/api/v1/alerts?status=all&institution=minami&limit=2" +
                             (cursor and "&cursor=" + cursor))
            self.assertEqual(r.status, 200)
            seen += [a["time"] for a in page["items"]]
            cursor = page["next"]
        self.assertGreaterEqual(len(seen), 5)
        self.assertEqual(seen, sorted(seen, reverse=True))
        for query, code in [("cursor=x", "bad-cursor"), ("limit=0", "bad-parameter"),
                            ("limit=201", "bad-parameter"), ("level=huge", "bad-parameter"),
                            ("status=maybe", "bad-parameter"), ("institution=%25", "bad-parameter")]:
            self.assertProblem(*self.flat(p.call("GET", "/api/v1/alerts?" + query)), 400, code)

    def test_signing_in_is_slow_to_guess_and_says_nothing_about_names(self):
        for name in ("tanaka", "nobody-of-that-name"):
            p = Person(self.center.console_port, "127.0.0.9")
            answers = [p.sign_in(name, "not the password") for _ in range(3)]
            self.assertEqual([r.status for r, _ in answers], [401, 401, 401])
            self.assertEqual(answers[0][1]["code"], "login-refused")
            # The pause doubles with each try, so it outgrows any machine's time for one.
            slowed = next(r for r, _ in (p.sign_in(name, "not the password") for _ in range(12)) if r.status == 429)
            self.assertGreaterEqual(int(slowed.getheader("Retry-After")), 1)
        self.person()  # from another address nobody is slowed down

    def test_a_session_can_be_ended_and_is_useless_then(self):
        p = self.person()
        self.assertEqual(p.call("DELETE", "/api/v1/session", headers={"Hinomi-Csrf": ""})[0].status, 403)
        r, _ = p.call("DELETE", "/api/v1/session")
        self.assertEqual(r.status, 204)
        self.assertIn("Max-Age=0", r.getheader("Set-Cookie"))
        self.assertEqual(p.call("GET", "/api/v1/session")[0].status, 401)

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self):
        p = Person(self.center.console_port)
        r, _ = p.sign_in("tanaka", self.all_password)
        cookie = r.getheader("Set-Cookie")
        for word in ("__Host-hinomi=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
            self.assertIn(word, cookie)
        r, body = p.call("POST", "/api/v1/session", {"name": "tanaka", "password": self.all_password},
                         {"Sec-Fetch-Site": "cross-site"})
        self.assertProblem(r.status, body, 403, "csrf")
        r, body = p.call("POST", "/api/v1/session", '{"name":"tanaka","password":"x"}', {"Content-Type": "text/plain"})
        self.assertProblem(r.status, body, 400, "bad-body")

    def test_problems_speak_the_readers_language(self):
        p = Person(self.center.console_port)
        japanese = p.call("GET", "/api/v1/alerts", headers={"Accept-Language": "ja,en;q=0.5"})[1]
        english = p.call("GET", "/api/v1/alerts", headers={"Accept-Language": "en-GB,ja;q=0.5"})[1]
        self.assertEqual(japanese["code"], english["code"])
        self.assertIn("サインイン", japanese["detail"])
        self.assertIn("Sign in", english["detail"])

    def test_another_host_name_is_not_answered(self):
        p = Person(self.center.console_port)
        for host in ("evil.example", "evil.example:%d" % self.center.console_port, "", "localhost.evil.example"):
            r, body = p.call("GET", "/", headers={"Host": host})
            self.assertEqual(r.status, 421, host)
        for host in ("localhost:%d" % self.center.console_port, "127.0.0.1", "[::1]:1"):
            self.assertNotEqual(p.call("GET", "/api/v1/openapi.json", headers={"Host": host})[0].status, 421)

    def test_what_changes_is_told_live_within_the_scope_and_resumed(self):
        suzuki = self.person("suzuki")
        c, r = suzuki.open("GET", "/api/v1/stream", headers={"Accept": "text/event-stream"})
        self.assertEqual((r.status, r.getheader("Content-Type")), (200, "text/event-stream; charset=utf-8"))
        put_alert(self.center, 20, "minami")
        mine = put_alert(self.center, 21, "kita")
        event = self.next_event(r, "alert")
        self.assertEqual(event["data"]["id"], mine)
        Validator(self.schema or suzuki.call("GET", "/api/v1/openapi.json")[1]).check(
            event["data"], {"$ref": "#/components/schemas/AlertSummary"})
        c.close()
        later = put_alert(self.center, 22, "kita")
        c, r = suzuki.open("GET", "/api/v1/stream", headers={"Last-Event-ID": event["id"]})
        told = {}  # in whichever order they come
        while set(told) != {"alert", "source"}:
            event = self.next_event(r, "alert", "source")
            told[event["event"]] = event["data"]
        self.assertEqual((told["alert"]["id"], told["source"]["institution"]), (later, "kita"))
        c.close()
        c, r = suzuki.open("GET", "/api/v1/stream", headers={"Last-Event-ID": "999999999"})
        self.next_event(r, "reset")
        c.close()

    def next_event(self, r, *kinds):
        """The next event of these kinds; all others on the way must be in scope."""
        event = {}
        while True:
            line = r.readline().decode()
            self.assertTrue(line, "the stream ended; the center's log: " + self.center.log.read_text())
            line = line.rstrip("\n")
            if line == "" and event.get("event") in kinds:
                event["data"] = json.loads(event["data"])
                return event
            if line == "":
                self.assertNotIn("minami", event.get("data", ""))
                event = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value

    def test_closing_is_told_at_once_and_the_stream_ends_with_the_session(self):
        alert = put_alert(self.center, 30, "kita")
        p = self.person()
        c, r = p.open("GET", "/api/v1/stream")
        p.call("POST", "/api/v1/alerts/%s/close" % alert, {"reason": "duplicate"})
        while True:
            event = self.next_event(r, "alert")
            if event["data"]["id"] == alert and event["data"]["status"] == "closed":
                break
        c.close()

    def test_monitoring_is_for_the_addresses_of_the_setting(self):
        here, elsewhere = Person(self.center.console_port), Person(self.center.console_port, "127.0.0.5")
        r, text = here.call("GET", "/metrics")
        self.assertIn(b"hinomi_serve_batches_total ", text)
        self.assertIn(b"# TYPE hinomi_serve_batches_total counter", text)
        r, body = here.call("GET", "/healthz")
        self.assertIn(r.status, (200, 503))
        self.assertEqual(set(body["checks"]), {"disk", "batch_log", "store", "detection", "content", "certificate"})
        for path in ("/metrics", "/healthz"):
            self.assertProblem(*self.flat(elsewhere.call("GET", path)), 403, "forbidden")

    def test_pages_come_with_a_strict_policy(self):
        p = Person(self.center.console_port)
        r, body = p.call("GET", "/")
        if r.status == 404:
            self.skipTest("this build carries no console")
        policy = r.getheader("Content-Security-Policy")
        self.assertTrue(policy.startswith("default-src 'none'"), policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(r.getheader("X-Content-Type-Options"), "nosniff")
        tag = r.getheader("ETag")
        self.assertEqual(p.call("GET", "/institutions/kita", headers={"If-None-Match": tag})[0].status, 304)
        self.assertEqual(p.call("GET", "/assets/../../etc/passwd")[0].status, 404)


RULE = """title: Needle
id: 11111111-2222-4333-8444-555555555555
status: test
description: A word that only this test writes.
logsource:
    category: proxy
detection:
    selection:
        c-uri|contains: hinomi-test-needle
    condition: selection
level: high
"""


class Detected(Served):
    """Serve and detect together: a line goes in at one listener and comes out as an alert at the other."""

    def test_a_line_becomes_an_alert_that_open_pages_are_told_of(self):
        rules = self.center.data / "content" / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        (rules / "needle.yml").write_text(RULE)
        person = Person(self.center.console_port)
        self.assertEqual(person.sign_in("mori", make_user(self.center, "mori", "analyst"))[0].status, 200)
        c, r = person.open("GET", "/api/v1/stream", timeout=60)
        node = Enrolled(self.folder, self.center, "kita", "detected")
        client = node.client()
        sequence, end = itertools.count(1), time.monotonic() + 60
        while time.monotonic() < end:  # the rule is picked up while the center runs
            line = (b"%d.123 45 10.1.2.3 TCP_MISS/200 512 GET http://example.org/hinomi-test-needle - "
                    b"HIER_DIRECT/203.0.113.5 text/html\n" % int(time.time()))
            self.assertEqual(client.batch(line, next(sequence))[0].status, 200)
            page = person.call("GET", "/api/v1/alerts?q=needle")[1]
            if page["items"]:
                break
            time.sleep(0.3)
        client.close()
        alert = person.call("GET", "/api/v1/alerts/" + page["items"][0]["id"])[1]
        self.assertEqual((alert["rule"]["title"]["en"], alert["institution_name"], alert["entity"]["value"]),
                         ("Needle", "北病院", "10.1.2.3"))
        Validator(person.call("GET", "/api/v1/openapi.json")[1]).check(
            alert, {"$ref": "#/components/schemas/Alert"})
        while True:
            line = r.readline().decode()
            self.assertTrue(line, "the stream ended")
            if line.startswith("data: ") and alert["id"] in line:
                break
        c.close()
        source = person.call("GET", "/api/v1/institutions/kita")[1]["sources"][0]
        self.assertEqual((source["codec"], source["unread"]), ("squid", []))
        self.assertGreaterEqual(source["events"], 1)


    def test_a_rule_that_is_not_used_is_named_with_its_reason(self):
        rules = self.center.data / "content" / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        bad = rules / "half-written.yml"
        bad.write_text("title: Half\ndetection:\n  s: [\n")
        self.addCleanup(bad.unlink)
        wait_until(lambda: "half-written.yml:4: rule not used: not YAML" in self.center.log.read_text(), 30,
                   "the log names file, line and reason")

    def test_a_list_that_does_not_load_is_told_until_it_is_mended(self):
        lists = self.center.data / "content" / "indicators"
        lists.mkdir(parents=True, exist_ok=True)
        person = Person(self.center.console_port)

        def health():
            return person.call("GET", "/healthz")[1]["checks"]["content"]

        wait_until(lambda: b"hinomi_content_rules 6" in person.call("GET", "/metrics")[1], 30, "rules in use")
        (lists / "broken.json").write_text('{"type": "bundle", "objects": [')
        wait_until(lambda: "broken.json" in health(), 30, "/healthz names the list")
        (lists / "broken.json").unlink()
        (lists / "good.txt").write_text("bad.example\n")
        wait_until(lambda: health() == "ok", 30, "/healthz is content")
        self.assertIn(b"hinomi_content_indicators 1\n", person.call("GET", "/metrics")[1])
        (lists / "good.txt").unlink()


class FullDisk(Served):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-full-"))
        (cls.folder / "data").mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", cls.folder / "data"],
                                 capture_output=True)
        if mounted.returncode != 0:
            shutil.rmtree(cls.folder)
            raise unittest.SkipTest("a small disk can be mounted by root only")
        cls.center = Center(cls.folder / "data")
        cls.center.start()
        cls.center.admin("institution", "add", "北病院", "--id", "kita")

    @classmethod
    def tearDownClass(cls):
        cls.center.stop()
        subprocess.run(["umount", cls.folder / "data"], check=True)
        shutil.rmtree(cls.folder)

    def test_a_full_disk_defers_batches_and_nothing_else(self):
        node = Enrolled(self.folder, self.center, "kita", "full")
        client = node.client()
        self.assertEqual(client.batch(RAW, 1)[0].status, 200)
        filler = self.center.data / "filler"
        with open(filler, "wb", buffering=0) as f:
            with self.assertRaises(OSError):
                while True:
                    f.write(b"x" * 65536)
        # What SQLite holds ready may take some more; then every batch is deferred.
        body = bytes(random.Random(1).randbytes(250000)).replace(b"\n", b" ") + b"\n"
        deferred = None
        for n in range(2, 60):
            r, answer = client.batch(body, n)
            if r.status != 200:
                deferred = n
                break
        self.assertEqual((r.status, answer["code"]), (503, "unavailable"))
        self.assertGreaterEqual(int(r.getheader("Retry-After")), 1)
        person = Person(self.center.console_port)
        r, health = person.call("GET", "/healthz")
        self.assertEqual(r.status, 503)
        self.assertNotEqual(health["checks"]["batch_log"], "ok")
        filler.unlink()
        self.assertEqual(client.batch(body, deferred)[1]["fate"], "stored")
        self.assertEqual(client.batch(RAW, 1)[1]["fate"], "repeat")
        self.assertEqual(person.call("GET", "/healthz")[1]["checks"]["batch_log"], "ok")
        client.close()


class Strangers(Served):
    def alive(self):
        c = http.client.HTTPConnection("127.0.0.1", self.center.console_port, timeout=10)
        c.request("GET", "/healthz")
        self.assertIn(c.getresponse().status, (200, 503))
        c.close()
        self.assertEqual(fetch_ca(self.center.node_port)[1],
                         self.center.admin("token", "kita").strip().split(".")[1])

    def test_garbage_on_both_listeners_changes_nothing(self):
        garbage = [b"\0" * 500, b"GET\r\n\r\n", b"\xff" * 4000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                   b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                   b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                   b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                   b"GET /%00%00/../..%2f HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 600]
        for data in garbage:
            for port, tls in ((self.center.console_port, False), (self.center.node_port, False),
                              (self.center.node_port, True)):
                self.assertNotIn(b" 200 OK", send_raw(port, data, 0.5, tls))
        self.alive()

    def test_slow_clients_are_bounded(self):
        slow = []
        for _ in range(64):
            s = socket.create_connection(("127.0.0.1", self.center.console_port), timeout=40)
            s.sendall(b"GET / HTTP/1.1\r\nX: ")
            slow.append(s)
        # The limit for one address is reached by all these; another address is served.
        other = http.client.HTTPConnection("127.0.0.1", self.center.console_port, timeout=10,
                                           source_address=("127.0.0.7", 0))
        other.request("GET", "/api/v1/openapi.json")
        self.assertEqual(other.getresponse().status, 200)
        other.close()
        # A byte now and then keeps nobody in: each is cut off when its head took too long.
        end = time.monotonic() + 40
        while slow and time.monotonic() < end:
            for s in list(slow):
                try:
                    s.settimeout(0.01)
                    s.sendall(b"y")
                    if s.recv(100) == b"":
                        raise ConnectionError
                except TimeoutError:
                    pass
                except OSError:
                    s.close()
                    slow.remove(s)
            time.sleep(0.5)
        self.assertEqual(slow, [])
        self.alive()


class Starting(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-start-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.config = self.folder / "c.yaml"

    def run_center(self, *args):
        return hinomi("center", "--data", self.folder / "data", *args)

    def test_a_port_in_use_is_one_clear_sentence(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.config.write_text("console_listen: 127.0.0.1:%d\nnode_listen: 127.0.0.1:%d\n" %
                                   (taken.getsockname()[1], free_port()))
            done = self.run_center("--config", self.config)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(done.stderr.count("in use"), 1, done.stderr)
        self.assertIn(str(taken.getsockname()[1]) if taken.fileno() >= 0 else "console_listen", done.stderr)

    def test_a_wrong_setting_names_file_and_line(self):
        for text, line in [("console_listne: x\n", 1), ("# a\nstreams_max: 0\n", 2), ("a: [\n", 2), ("log_level: loud\n", 1),
                           ("node_listen: nonsense\n", 0)]:
            self.config.write_text(text)
            done = self.run_center("--config", self.config)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("%s:%d:" % (self.config, line) if line else "node_listen", done.stderr)

    def test_a_data_directory_that_can_not_be_written_is_named(self):
        blocked = self.folder / "file"
        blocked.write_text("")
        done = hinomi("center", "--data", blocked / "data")
        self.assertEqual(done.returncode, 3)
        self.assertIn(str(blocked), done.stderr)

    def test_the_printed_configuration_is_taken(self):
        done = hinomi("center", "--print-config")
        self.assertEqual(done.returncode, 0)
        self.assertIn("console_listen: 127.0.0.1:8440", done.stdout)
        self.assertIn("# From 1s to 400d.", done.stdout)

    def test_usage_is_exit_2(self):
        for args in (["center"], ["center", "--nonsense"], ["center", "--data", "x", "--role", "cook"], ["admin"],
                     ["admin", "user", "add"], ["admin", "user", "add", "a", "--data", "x"], ["audit", "verify"]):
            self.assertEqual(hinomi(*args).returncode, 2, args)

    def test_the_admin_commands_say_what_is_wrong(self):
        data = self.folder / "data"
        password = self.folder / "password"
        password.write_text("correct horse battery\n")
        add = ["admin", "user", "add", "sato", "--role", "lead", "--password-file", password, "--data", data]
        self.assertEqual(hinomi(*add).returncode, 0)
        self.assertEqual(hinomi(*add).returncode, 3)
        password.write_text("password1234\n")
        done = hinomi("admin", "user", "password", "sato", "--password-file", password, "--data", data)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(hinomi("admin", "token", "nowhere", "--data", data).returncode, 3)
        self.assertEqual(hinomi("admin", "node", "revoke", "n-0", "--data", data).returncode, 3)
        done = hinomi("admin", "user", "list", "--json", "--data", data)
        self.assertEqual(json.loads(done.stdout)["name"], "sato")
        self.assertEqual(hinomi("admin", "institution", "add", "東", "--id", "higashi", "--data", data).returncode, 0)
        password.write_text("correct horse battery\n")
        add[3:6] = ["ito", "--institution", "higashi", "--role", "lead"]
        self.assertEqual(hinomi(*add).returncode, 0)
        listed = hinomi("admin", "user", "list", "--data", data).stdout
        self.assertEqual([row.split() for row in listed.splitlines()],
                         [["ito", "lead", "higashi"], ["sato", "lead", "*"]])
        self.assertNotIn("argon2", done.stdout)

    def test_looking_makes_no_center_where_there_is_none(self):
        data = self.folder / "slip-of-the-hand"
        for args in (["user", "list"], ["session", "list"], ["institution", "list"], ["node", "list"],
                     ["token", "kita"], ["node", "revoke", "n-0"]):
            done = hinomi("admin", *args, "--data", data)
            self.assertEqual(done.returncode, 3, args)
            self.assertIn("slip-of-the-hand", done.stderr)
            self.assertFalse(data.exists())

    @unittest.skipIf(os.geteuid() != 0 or shutil.which("setpriv") is None, "needs root and setpriv")
    def test_a_stranger_to_the_data_is_told_so(self):
        data = self.folder / "data"
        self.assertEqual(hinomi("admin", "institution", "add", "a", "--data", data).returncode, 0)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", HINOMI, "admin", "user",
                               "list", "--data", str(data)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("Permission denied", done.stderr)

    def test_a_broken_audit_log_is_found(self):
        data = self.folder / "data"
        self.assertEqual(hinomi("audit", "verify", "--data", data).returncode, 3)
        for name in ("a", "b", "c"):
            hinomi("admin", "institution", "add", name, "--data", data)
        done = hinomi("audit", "verify", "--json", "--data", data)
        self.assertEqual((done.returncode, json.loads(done.stdout)["records"]), (0, 3))
        db = sqlite3.connect(data / "store" / "store.db")
        with db:
            db.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 2")
        db.close()
        done = hinomi("audit", "verify", "--json", "--data", data)
        self.assertEqual((done.returncode, json.loads(done.stdout)["broken"]), (1, 2))


if __name__ == "__main__":
    if not pathlib.Path(HINOMI).exists():
        print("there is no %s" % HINOMI)
        sys.exit(77)
    subprocess.run(["openssl", "version"], check=True, stdout=subprocess.DEVNULL)
    unittest.main(verbosity=2)
