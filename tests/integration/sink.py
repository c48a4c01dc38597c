"""A center's node listener as strict as the wire contract, and as difficult as a test wants it.

Every batch is unpacked and compared with what its headers say; the first one
that breaks the contract is kept in `broken`.  `mood` decides the answers: 200,
another status, "hang" (no answer), "cut" (the connection ends after the batch
was taken in: the worst moment).
"""
import base64
import ctypes
import hashlib
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

BODY_MAX = 300 * 1024
RAW_MAX = 256 * 1024
SECRET = "A" * 43
RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_decompress.restype = ctypes.c_size_t


def unpack(frame):
    size = zstd.ZSTD_getFrameContentSize(frame, ctypes.c_size_t(len(frame)))
    assert size <= RAW_MAX, "the frame says no size, or too large a one"
    out = ctypes.create_string_buffer(max(size, 1))
    got = zstd.ZSTD_decompress(out, ctypes.c_size_t(size), frame, ctypes.c_size_t(len(frame)))
    assert got == size, "damaged frame"
    return out.raw[:size]


def openssl(*args, text=None):
    return subprocess.run(["openssl", *map(str, args)], input=text, capture_output=True, text=True,
                          check=True).stdout


class Authority:
    """A CA of the test's own, as the center is one."""

    def __init__(self, folder):
        self.key, self.cert = folder / "ca.key", folder / "ca.crt"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.key, "-out", self.cert, "-days", "30", "-subj", "/CN=test CA",
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.folder = folder
        self.serial = 1

    def sign(self, csr, name, extensions, seconds):
        self.serial += 1
        (self.folder / "ext").write_text("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
                                         + extensions)
        (self.folder / "csr").write_text(csr)
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("%04X" % self.serial)
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nserial=%s/serial\nnew_certs_dir=%s\n"
            "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=optional\n"
            % ((self.folder,) * 3))
        stamp = "%y%m%d%H%M%SZ"
        now = time.time()
        openssl("ca", "-batch", "-config", self.folder / "ca.cnf", "-cert", self.cert, "-keyfile",
                self.key, "-in", self.folder / "csr", "-subj", "/CN=" + name, "-notext",
                "-startdate", time.strftime(stamp, time.gmtime(now - 60)),
                "-enddate", time.strftime(stamp, time.gmtime(now + seconds)),
                "-extfile", self.folder / "ext", "-out", self.folder / "signed.crt")
        return (self.folder / "signed.crt").read_text()

    def fingerprint(self):
        der = ssl.PEM_cert_to_DER_cert(self.cert.read_text())
        return hashlib.sha256(der).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def peer(self):
        cert = self.connection.getpeercert()
        return cert and dict(pair[0] for pair in cert["subject"])["commonName"]

    def do_GET(self):
        sink = self.server.sink
        if self.path == "/v1/ca":
            self.answer(200, sink.ca.cert.read_bytes())
        else:
            self.answer(404)

    def do_POST(self):
        sink = self.server.sink
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            {"/v1/enroll": self.enroll, "/v1/renew": self.renew, "/v1/status": self.status,
             "/v1/batches": self.batch}[self.path](sink, body)
        except AssertionError as wrong:
            sink.broken = sink.broken or str(wrong)
            self.answer(400, json.dumps({"type": "about:blank", "title": "bad", "status": 400,
                                         "detail": str(wrong)}).encode())

    def enroll(self, sink, body):
        said = json.loads(body)
        if said["token"].split(".")[0] != SECRET:
            self.answer(401, b'{"status":401,"detail":"This token is not known here."}')
            return
        self.answer_certificate(sink, said["csr"], {"institution": {"id": "h1", "name": "病院"}})

    def renew(self, sink, body):
        assert self.peer() == "node-1", "renewal without our certificate"
        sink.renewals += 1
        self.answer_certificate(sink, json.loads(body)["csr"], {})

    def answer_certificate(self, sink, csr, more):
        cert = sink.ca.sign(csr, "node-1", "extendedKeyUsage=clientAuth\n", sink.life)
        self.answer(200, json.dumps({"certificate": cert, "ca": sink.ca.cert.read_text(),
                                     "node": "node-1", **more}).encode())

    def status(self, sink, body):
        assert self.peer() == "node-1", "status without our certificate"
        sink.reports.append(json.loads(body))
        self.answer(200 if sink.mood == 200 else 204, b"")

    def batch(self, sink, body):
        assert self.peer() == "node-1", "a batch without our certificate"
        mood = sink.mood(self) if callable(sink.mood) else sink.mood
        if mood == "hang":
            sink.hung.wait(30)
            self.close_connection = True
            return
        if mood not in (200, "cut"):
            sink.refused += 1
            self.answer(mood, b'{"status":%d,"detail":"as the test wants it"}' % mood,
                        [("Retry-After", "1")] if mood in (429, 503) else ())
            return
        self.check_batch(sink, body)
        if mood == "cut":
            self.close_connection = True
            return
        self.answer(200)

    def check_batch(self, sink, body):
        head = self.headers
        source = urllib.parse.unquote(head["Hinomi-Source"], errors="strict")
        sequence, offset, size, lines = (int(head["Hinomi-" + name])
                                         for name in ("Sequence", "Offset", "Bytes", "Lines"))
        assert len(body) <= BODY_MAX, "body too large"
        assert 0 < len(source.encode()) <= 128, "bad source name"
        raw = unpack(body)
        assert len(raw) == size, "Hinomi-Bytes is wrong"
        assert raw.count(b"\n") + (not raw.endswith(b"\n")) == lines, "Hinomi-Lines is wrong"
        assert RFC3339.match(head["Hinomi-Received"]), "Hinomi-Received is no time"
        config = json.loads(head["Hinomi-Config"])
        assert set(config) <= {"codec", "logformat", "charset", "utc_offset"}, "unknown config"
        preamble = base64.b64decode(head.get("Hinomi-Preamble", ""), validate=True)
        assert len(preamble) <= 8192, "preamble too long"
        with sink.lock:
            old = sink.batches.get((source, sequence))
            assert old is None or old[0] == raw, "a sequence number with other content"
            sink.repeats += old is not None
            sink.batches[source, sequence] = (raw, offset, config, preamble)
            sink.newest = time.monotonic()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def process_request(self, request, address):
        self.sink.connections.append(request)
        super().process_request(request, address)

    def handle_error(self, request, address):
        pass  # connections are cut on purpose


class Sink:
    def __init__(self, folder, port=0, life=3600):
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = Authority(folder)
        self.life = life
        self.mood = 200
        self.batches, self.reports, self.broken = {}, [], None
        self.repeats = self.refused = self.renewals = 0
        self.lock, self.hung = threading.Lock(), threading.Event()
        self.connections = []
        key = folder / "server.key"
        csr = openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", key, "-subj", "/CN=sink")
        (folder / "server.crt").write_text(self.ca.sign(
            csr, "sink", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n", 86400))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(folder / "server.crt", key)
        self.context.load_verify_locations(self.ca.cert)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.port = port
        self.server = None
        self.start()

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Handler, bind_and_activate=False)
        self.server.allow_reuse_address = True
        self.server.server_bind()
        self.server.server_activate()
        self.server.sink = self
        self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self.server is not None:
            self.hung.set()
            self.server.shutdown()
            self.server.server_close()
            self.server = None
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it ended by itself
            self.connections.clear()

    def url(self):
        return "https://127.0.0.1:%d" % self.port

    def token(self):
        return SECRET + "." + self.ca.fingerprint()

    def stream(self, source):
        """All bytes of a source, after checking that its offsets leave no gap."""
        with self.lock:
            mine = sorted((n, b) for (s, n), b in self.batches.items() if s == source)
        raw = b""
        for _, (bytes_, offset, _, _) in mine:
            if offset != len(raw):
                break
            raw += bytes_
        return raw

    def lines(self, source):
        with self.lock:
            mine = sorted((n, b[0]) for (s, n), b in self.batches.items() if s == source)
        return [line.decode("utf-8", "replace") for _, raw in mine for line in raw.splitlines()]
