"""The demonstration's outside world and its people: an origin that answers for every name, and clients.

The origin stands behind Squid as its parent proxy, which is how Squid can be told
to bring it everything, tunnels (CONNECT) included.

Both live on loopback in one event loop.  The clients go through the real Squid;
the address each of them would have in the hospital travels in X-Forwarded-For,
which this Squid alone believes and writes to its log.
"""
import asyncio
import random

WORDS = ["gairai", "nyuin", "kensa", "yakuzai", "kango", "annai", "kouhou", "shokuji",
         "soudan", "news", "event", "guide", "map", "shift", "stock", "forms"]
TLS_HELLO = bytes([0x16, 3, 1, 0, 4, 1, 0, 0, 0])
TLS_ALERT = bytes([0x15, 3, 3, 0, 2, 2, 40])  # handshake failure: nobody really speaks TLS here
REQUEST_SECONDS = 10
BODY = b"<!doctype html><title>demo</title><p>demo\n"


class Origin:
    """Answers for whatever name: HTTP with a small page, a tunnel with the end of a TLS handshake."""

    async def start(self, port):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", port)

    async def stop(self):
        self.server.close()

    async def serve(self, reader, writer):
        try:
            while await asyncio.wait_for(self.answer(reader, writer), REQUEST_SECONDS):
                pass
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError,
                asyncio.LimitOverrunError, asyncio.CancelledError, ValueError):
            pass
        finally:
            writer.close()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await reader.read(4096)
            writer.write(TLS_ALERT)
            await writer.drain()
            return False
        length = next((int(h.split(":", 1)[1]) for h in head[1:]
                       if h.lower().startswith("content-length:")), 0)
        if length:
            await reader.readexactly(min(length, 65536))
        body = b"" if method == "HEAD" else BODY * (1 + len(path) % 40)
        mime = "application/octet-stream" if path.split("?")[0].endswith((".exe", ".zip", ".cab")) \
            else "text/html; charset=utf-8"
        writer.write(("HTTP/1.1 200 OK\r\nServer: demo\r\nContent-Type: %s\r\n"
                      "Content-Length: %d\r\n\r\n" % (mime, len(body))).encode() + body)
        await writer.drain()
        return True


async def request(proxy_port, client, method, url):
    """One request of one client through the proxy; what it answers does not matter."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy_port)
    try:
        host = url if method == "CONNECT" else url.split("/")[2]
        body = b"x" * 64 if method in ("POST", "PUT") else b""
        writer.write(("%s %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\n"
                      "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)\r\n"
                      "Content-Length: %d\r\nConnection: close\r\n\r\n"
                      % (method, url, host, client, len(body))).encode() + body)
        await writer.drain()
        if method == "CONNECT":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(TLS_HELLO)
            await writer.drain()
        while await reader.read(65536):
            pass
    finally:
        writer.close()


class Clients:
    """Ordinary people at a steady rate, and from time to time something to look at."""

    def __init__(self, traffic, proxy_port, rate, pause, seed, tell):
        self.traffic, self.proxy_port = traffic, proxy_port
        self.rate, self.pause, self.tell = rate, pause, tell
        self.random = random.Random(seed)
        self.asked, self.failed = 0, 0

    async def run(self):
        await asyncio.gather(self.ordinary(), self.suspicious())

    async def ask(self, client, method, url):
        self.asked += 1
        try:
            await asyncio.wait_for(request(self.proxy_port, client, method, url), REQUEST_SECONDS)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            self.failed += 1

    def pick(self):
        """One ordinary request: (client, method, URL)."""
        who = self.random.choice(sorted(self.traffic["ordinary"]))
        wishes = self.traffic["ordinary"][who]
        method, url, _ = self.random.choices(wishes, weights=[w[2] for w in wishes])[0]
        group = self.traffic["clients"][who]
        client = group["address"].format(n=self.random.randint(*group["numbers"]))
        while "{word}" in url:
            url = url.replace("{word}", self.random.choice(WORDS), 1)
        return client, method, url.replace("{hex}", "%08x" % self.random.getrandbits(32))

    async def ordinary(self):
        under_way = set()
        while True:
            if len(under_way) < 64:  # a slow proxy slows the hospital, not the machine
                task = asyncio.ensure_future(self.ask(*self.pick()))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.sleep(self.random.expovariate(self.rate))

    async def suspicious(self):
        while True:
            for act in self.traffic["suspicious"]:
                await asyncio.sleep(self.pause)
                self.tell(act)
                for method, url in act["requests"]:
                    await self.ask(act["who"], method, url)
