"""Speaking to a center as a node, as a browser and as somebody hostile; rows put into its store."""
import base64
import hashlib
import http.client
import json
import socket
import sqlite3
import ssl
import struct
import subprocess
import time

from harness import hinomi


# -- zstd by hand: every frame a test needs, also those no compressor makes ------------------

def frame_header(size, stated=True):
    if stated:
        return struct.pack("<IBI", 0xFD2FB528, 0b10100000, size)  # single segment, 4-byte size
    return struct.pack("<IBB", 0xFD2FB528, 0, 0x58)


def block(kind, data, size, last):
    return struct.pack("<I", last | kind << 1 | size << 3)[:3] + data


def zstd_frame(raw, stated_size=None, stated=True):
    out = frame_header(len(raw) if stated_size is None else stated_size, stated)
    cuts = [raw[i:i + 65536] for i in range(0, len(raw), 65536)] or [b""]
    for i, part in enumerate(cuts):
        out += block(0, part, len(part), i == len(cuts) - 1)
    return out


def zstd_bomb(stated_size, blocks):
    """Blocks of 128 KiB from one byte each."""
    return frame_header(stated_size) + b"".join(
        block(1, b"x", 131072, i == blocks - 1) for i in range(blocks))


# -- certificates ---------------------------------------------------------------------------

def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def make_key_and_request(folder, name):
    key, csr = folder / (name + ".key"), folder / (name + ".csr")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=chosen-by-the-node", "-keyout", key, "-out", csr)
    return key, csr


# -- a node ----------------------------------------------------------------------------------

class NodeClient:
    """One keep-alive connection to the node listener."""

    def __init__(self, port, ca, cert=None, key=None, source="127.0.0.1"):
        context = ssl.create_default_context(cadata=ca) if ca else ssl._create_unverified_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if cert:
            context.load_cert_chain(cert, key)
        self.http = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20,
                                                source_address=(source, 0))
        self.sequence = 0

    def request(self, method, path, body=None, headers=None):
        self.http.request(method, path, body, headers or {})
        r = self.http.getresponse()
        return r, r.read()

    def json(self, method, path, value):
        r, body = self.request(method, path, json.dumps(value), {"Content-Type": "application/json"})
        return r.status, json.loads(body)

    def batch(self, raw, sequence, frame=None, **changed):
        headers = {
            "Hinomi-Source": "proxy", "Hinomi-Sequence": str(sequence), "Hinomi-Offset": "0",
            "Hinomi-Bytes": str(len(raw)),
            "Hinomi-Lines": str(raw.count(b"\n") + (not raw.endswith(b"\n"))),
            "Hinomi-Received": "2026-11-23T01:02:03.000004Z", "Hinomi-Config": '{"codec":"squid"}',
            "Content-Type": "application/zstd",
        }
        for name, value in changed.items():
            name = "Hinomi-" + name
            headers.pop(name)
            if value is not None:
                headers[name] = value
        r, body = self.request("POST", "/v1/batches", zstd_frame(raw) if frame is None else frame, headers)
        return r, json.loads(body)

    def close(self):
        self.http.close()


def fetch_ca(port):
    """As a node does first: take the certificate unverified, then compare its print with the token's."""
    client = NodeClient(port, None)
    r, pem = client.request("GET", "/v1/ca")
    client.close()
    assert r.status == 200
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    return pem.decode(), hashlib.sha256(der).hexdigest()


class Enrolled:
    """A node of an institution: its certificate's files, and clients that show it."""

    def __init__(self, folder, center, institution, name):
        self.port = center.node_port
        token = center.admin("token", institution).strip()
        self.ca, print_ = fetch_ca(self.port)
        assert token.split(".")[1] == print_
        self.key, csr = make_key_and_request(folder, name)
        client = NodeClient(self.port, self.ca)
        status, answer = client.json("POST", "/v1/enroll",
                                     {"token": token, "csr": csr.read_text(), "version": "test"})
        client.close()
        assert status == 200, answer
        self.id, self.institution = answer["node"], answer["institution"]
        self.cert = folder / (name + ".crt")
        self.cert.write_text(answer["certificate"])
        self.csr = csr.read_text()

    def client(self):
        return NodeClient(self.port, self.ca, self.cert, self.key)


# -- a person ---------------------------------------------------------------------------------

class Person:
    """A browser's share: cookie, CSRF header, JSON.  `source` picks the address it comes from."""

    def __init__(self, port, source="127.0.0.1"):
        self.port, self.source = port, source
        self.cookie, self.csrf = None, None

    def open(self, method, path, body=None, headers=None, timeout=20):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout,
                                       source_address=(self.source, 0))
        h = {"Accept-Language": "en"}
        if self.cookie:
            h["Cookie"] = "__Host-hinomi=" + self.cookie
        if self.csrf and method != "GET":
            h["Hinomi-Csrf"] = self.csrf
        if isinstance(body, dict):
            body, h["Content-Type"] = json.dumps(body), "application/json"
        h.update(headers or {})
        c.request(method, path, body, h)
        return c, c.getresponse()

    def call(self, method, path, body=None, headers=None):
        c, r = self.open(method, path, body, headers)
        text = r.read()
        c.close()
        kind = r.getheader("Content-Type", "")
        return r, json.loads(text) if "json" in kind else text

    def sign_in(self, name, password):
        r, body = self.call("POST", "/api/v1/session", {"name": name, "password": password})
        if r.status == 200:
            cookie = r.getheader("Set-Cookie")
            self.cookie = cookie.split("__Host-hinomi=")[1].split(";")[0]
            self.csrf = body["csrf"]
        return r, body


def send_raw(port, data, timeout=5, tls=False):
    """Bytes to a listener; whatever comes back until it hangs up or stays silent."""
    s = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    if tls:
        s = ssl._create_unverified_context().wrap_socket(s)
    out = b""
    try:
        s.sendall(data)
        while len(out) < 65536:
            more = s.recv(65536)
            if not more:
                break
            out += more
    except OSError:
        pass
    s.close()
    return out


# -- the store --------------------------------------------------------------------------------

def put_alert(center, number, institution, **changed):
    """An alert as detection writes it, without waiting for one."""
    now = int(time.time() * 1e6)
    alert_id = hashlib.sha256(b"%d" % number).hexdigest()[:32]
    at = "2026-11-23T01:02:%02d.000000Z" % (number % 60)
    us = 1795395720000000 + (number % 60) * 1000000
    text = {"en": "Direct download", "ja": "直接ダウンロード"}
    whole = {
        "id": alert_id, "time": at, "first_seen": at, "last_seen": at, "count": 2,
        "institution": institution, "source": "proxy", "detector": "sigma",
        "rule": {"id": "rule-%d" % number, "title": text, "level": "high", "description": text,
                 "falsepositives": text, "references": ["https://example.org/"], "author": "us"},
        "severity": 75, "attack": ["T1105"], "entity": {"kind": "source.ip", "value": "192.0.2.7"},
        "fields": {"url.full": "http://203.0.113.5/a.exe"},
        "lines": [{"batch": "1", "offset": 0, "time": at, "raw": "raw line",
                   "matched": [{"field": "url.full", "value": "http://203.0.113.5/a.exe", "pattern": ".exe"}]}],
        "advice": text,
    }
    db = sqlite3.connect(center.data / "store" / "store.db", timeout=20)
    with db:
        db.execute("UPDATE alert_version SET version = version + 1")
        version = db.execute("SELECT version FROM alert_version").fetchone()[0]
        row = {"id": alert_id, "status": 0, "first_seen": us, "last_seen": us, "raised": now, "count": 2,
               "version": version, "institution": institution, "source": "proxy", "detector": "sigma",
               "rule_id": "rule-%d" % number, "title_en": text["en"], "title_ja": text["ja"], "level": 3,
               "severity": 75, "attack": '["T1105"]', "entity_kind": "source.ip", "entity": "192.0.2.7",
               "search": "rule-%d\nDirect download\n192.0.2.7\nproxy\nT1105" % number}
        row.update(changed)
        db.execute("INSERT INTO alert (%s) VALUES (%s)" % (", ".join(row), ", ".join(":" + k for k in row)), row)
        db.execute("INSERT INTO alert_body VALUES (?, ?)", (alert_id, json.dumps(whole, ensure_ascii=False)))
        db.execute("INSERT INTO alert_tally VALUES (?, 3, 1) ON CONFLICT (institution, level) "
                   "DO UPDATE SET open = open + 1", (institution,))
    db.close()
    return alert_id


def change_store(center, sql, *values):
    db = sqlite3.connect(center.data / "store" / "store.db", timeout=20)
    with db:
        db.execute(sql, values)
    db.close()


def make_user(center, name, role, *options):
    line = hinomi("admin", "user", "add", name, "--role", role, "--generate", "--json", *options,
                  "--data", center.data)
    assert line.returncode == 0, line.stderr
    return json.loads(line.stdout)["password"]


def preamble(data):
    return base64.b64encode(data).decode()
