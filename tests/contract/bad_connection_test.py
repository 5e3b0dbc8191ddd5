"""Who may not come in, and what no connection may do: each refusal has its own code, and nobody else feels it."""
import socket
import ssl
import sys
import time
import unittest

from chuanyu_test import Network, Steady, purpose, record, record_codes, scratch, until

LIMITS = {
    "limits.connections": 60, "limits.handshake_ms": 3000, "limits.request_ms": 1200, "limits.stream_stall_ms": 1200,
    "limits.body_bytes": 200_000, "limits.idle_ms": 60_000,
}


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "bad-connection")
        cls.network = Network(folder, config=LIMITS, started=False)
        cls.addClassCleanup(cls.network.close)
        cls.sc = cls.network.sc.start()
        cls.healthy = cls.network.client("G02")
        own = record("CA0001")
        assert cls.healthy.publish(own).status == 201
        why = purpose("case-assist")
        cls.steady = Steady(lambda: cls.healthy.query("case", {"id": own.id}, why).json["count"] == 1)
        cls.addClassCleanup(cls.steady.stop)

    def setUp(self):
        self.mark = self.steady.mark()

    def tearDown(self):
        self.steady.check(self, self.mark)

    def client(self, name, gateway=None):
        client = self.network.client(name, gateway or self.sc)
        self.addCleanup(client.close)
        return client

    def refused_in_handshake(self, name, code):
        before = self.sc.metric("chuanyu_tls_refused_total", code=code)
        lines = len(self.sc.events("tls.refused", code=code))
        # Under TLS 1.3 the client's handshake may end before the server has looked at its certificate: reading tells.
        with self.assertRaises((ssl.SSLError, OSError)) as refusal:
            with self.client(name).socket() as tls:
                tls.sendall(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n")
                if not tls.recv(100):
                    raise ConnectionResetError("closed without an answer")
        until(lambda: self.sc.metric("chuanyu_tls_refused_total", code=code) == before + 1, f"{code} in the metrics")
        self.assertEqual(len(self.sc.events("tls.refused", code=code)), lines + 1)
        return str(refusal.exception)


class Handshake(Base):
    def test_no_certificate(self):
        self.refused_in_handshake(None, "TLS_NO_CERTIFICATE")

    def test_certificate_of_an_unknown_ca(self):
        self.refused_in_handshake("rogue", "TLS_UNTRUSTED")

    def test_expired(self):
        self.refused_in_handshake("expired", "TLS_EXPIRED")

    def test_not_yet_valid(self):
        self.refused_in_handshake("future", "TLS_EXPIRED")

    def test_revoked(self):
        self.refused_in_handshake("revoked", "TLS_REVOKED")

    def test_tls_1_2(self):
        context = self.client("G02").context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        before = self.sc.metric("chuanyu_tls_refused_total", code="TLS_HANDSHAKE")
        with self.assertRaises(OSError):
            with socket.create_connection(("127.0.0.1", self.sc.port), timeout=10) as raw:
                context.wrap_socket(raw, server_hostname="localhost")
        until(lambda: self.sc.metric("chuanyu_tls_refused_total", code="TLS_HANDSHAKE") > before, "the refusal in the metrics")

    def test_no_tls_at_all(self):
        before = self.sc.metric("chuanyu_tls_refused_total", code="TLS_HANDSHAKE")
        with socket.create_connection(("127.0.0.1", self.sc.port), timeout=10) as raw:
            raw.sendall(b"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while raw.recv(1000):
                pass
        until(lambda: self.sc.metric("chuanyu_tls_refused_total", code="TLS_HANDSHAKE") > before, "the refusal in the metrics")

    def test_a_handshake_that_never_ends(self):
        before = self.sc.metric("chuanyu_tls_refused_total", code="TLS_HANDSHAKE")
        with socket.create_connection(("127.0.0.1", self.sc.port), timeout=20) as raw:
            raw.sendall(b"\x16\x03\x01")
            self.assertEqual(raw.recv(100), b"")
        until(lambda: self.sc.metric("chuanyu_tls_refused_total", code="TLS_HANDSHAKE") > before, "the refusal in the metrics")


class Identity(Base):
    """The certificate is valid; who it names may still not come in. The log entry of the refusal says why."""

    def refused(self, name, code, gateway=None):
        answer = self.client(name, gateway).request("GET", "/v1/whoami")
        self.assertEqual((answer.status, answer.code), (403, code), answer)
        gateway = gateway or self.sc
        self.assertTrue(gateway.events("gate.refused", code=code))
        self.assertGreaterEqual(gateway.metric("chuanyu_refused_total", code=code), 1)
        for word in ("directory", "名录文件", "/"):  # what a stranger has no need to know
            self.assertNotIn(word, answer.json.get("detail", "").replace("urn:", ""))

    def test_not_in_the_directory(self):
        self.refused("unlisted", "CLIENT_IDENTITY_UNKNOWN")

    def test_no_identity_in_the_certificate(self):
        self.refused("noid", "CLIENT_IDENTITY_INVALID")

    def test_the_other_provinces_ca(self):
        self.refused("cross", "CLIENT_IDENTITY_INVALID")

    def test_suspended(self):
        self.refused("suspended", "CLIENT_IDENTITY_SUSPENDED")

    def test_an_agency_of_the_other_gateway(self):
        self.refused("G07", "CLIENT_WRONG_GATEWAY")

    def test_roles(self):
        why = purpose("credit-check")
        auditor, operator, agency = (self.client(n) for n in ("sc-auditor", "sc-operator", "G02"))
        for answer in (auditor.query("credit", {"id": "X"}, why), operator.publish(record("CA0001")),
                       operator.query("credit", {"id": "X"}, why), auditor.inbox(),
                       agency.request("GET", "/v1/log/checkpoint"),
                       agency.request("POST", "/peer/v1/envelopes", b"", {"Content-Type": "application/x-protobuf"})):
            self.assertEqual((answer.status, answer.code), (403, "CLIENT_ROLE_FORBIDDEN"), answer)
        for client in (auditor, operator):
            self.assertEqual(client.request("GET", "/v1/whoami").status, 200)

    def test_a_gateway_may_not_act_as_an_agency(self):
        gateway = self.client("cq-gw")
        answer = gateway.query("credit", {"id": "X"}, purpose("credit-check"))
        self.assertEqual((answer.status, answer.code), (403, "CLIENT_ROLE_FORBIDDEN"), answer)
        answer = gateway.request("POST", "/peer/v1/envelopes", b"\xff\xff", {"Content-Type": "application/x-protobuf"})
        self.assertEqual((answer.status, answer.code), (502, "PEER_PROTOCOL"), answer)


class Requests(Base):
    def raw(self, data, trickle=None):
        """Everything the gateway says to these bytes; with trickle(socket), what it says after."""
        with self.client("G03").socket() as tls:
            tls.settimeout(20)
            try:
                tls.sendall(data)
                if trickle:
                    trickle(tls)
            except OSError:
                pass  # it has had enough; what it said is there to be read
            said = b""
            try:
                while piece := tls.recv(65536):
                    said += piece
            except OSError:
                pass
            return said

    def refused(self, said, status, code):
        self.assertTrue(said.startswith(b"HTTP/1.1 %d " % status), said[:300])
        self.assertIn(f'"code":"{code}"'.encode(), said)
        SEEN.add(code)

    def test_ten_thousand_headers(self):
        headers = b"".join(b"X-%d: y\r\n" % i for i in range(10_000))
        self.refused(self.raw(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"), 431, "CLIENT_HEADERS_TOO_LARGE")

    def test_one_enormous_header(self):
        self.refused(self.raw(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"), 431,
                     "CLIENT_HEADERS_TOO_LARGE")

    def test_a_long_target(self):
        self.refused(self.raw(b"GET /v1/" + b"x" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "CLIENT_URI_TOO_LONG")

    def test_no_http(self):
        self.refused(self.raw(b"\x00\x01\x02 hello\r\n\r\n"), 400, "CLIENT_BAD_REQUEST")

    def test_smuggling(self):
        self.refused(self.raw(b"POST /v1/queries HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
                              b"0\r\n\r\n"), 400, "CLIENT_BAD_REQUEST")

    def test_a_body_that_is_too_large(self):
        self.refused(self.raw(b"POST /v1/queries HTTP/1.1\r\nHost: x\r\nContent-Length: 200001\r\n\r\n"), 413,
                     "CLIENT_BODY_TOO_LARGE")

    def test_a_chunked_body_that_is_too_large(self):
        def pour(tls):
            for _ in range(10):
                tls.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
        self.refused(self.raw(b"POST /v1/queries HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", pour), 413,
                     "CLIENT_BODY_TOO_LARGE")

    def trickled(self, head):
        """What it says to this head and then a byte ten times a second."""
        with self.client("G03").socket() as tls:
            tls.sendall(head)
            tls.settimeout(0.1)
            said, end = b"", time.monotonic() + 15
            while not said and time.monotonic() < end:
                try:
                    tls.sendall(b"x")
                    said = tls.recv(65536)
                except TimeoutError:
                    continue
            return said

    def test_a_head_a_byte_at_a_time(self):
        self.refused(self.trickled(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX-Slow: "), 408, "CLIENT_REQUEST_TIMEOUT")

    def test_a_body_that_never_ends(self):
        self.refused(self.trickled(b"POST /v1/queries HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"), 408,
                     "CLIENT_REQUEST_TIMEOUT")

    def test_an_import_that_never_ends(self):
        head = ("POST /v1/records/case:import HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nIdempotency-Key: slow\r\n"
                "Chuanyu-Matter: m\r\nChuanyu-Basis: b\r\nChuanyu-Grant: g\r\nChuanyu-Operator: o\r\n"
                "Transfer-Encoding: chunked\r\n\r\n1\r\n")
        self.refused(self.trickled(head.encode()), 408, "CLIENT_REQUEST_TIMEOUT")

    def test_many_slow_ones_at_once(self):
        slow = [self.client("G03").socket() for _ in range(30)]
        try:
            for tls in slow:
                tls.sendall(b"POST /v1/queries HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
            self.steady.check(self, self.steady.mark() + 5)
            for tls in slow:
                self.refused(tls.recv(65536), 408, "CLIENT_REQUEST_TIMEOUT")
        finally:
            for tls in slow:
                tls.close()

    def test_more_connections_than_configured(self):
        held = []
        try:
            for _ in range(80):
                raw = socket.create_connection(("127.0.0.1", self.sc.port), timeout=10)
                held.append(raw)
            until(lambda: self.sc.metric("chuanyu_connections_refused_total", reason="limit") >= 15, "refused connections")
            self.steady.check(self, self.steady.mark())
        finally:
            for raw in held:
                raw.close()
        self.assertTrue(self.sc.events("connection.refused", reason="limit"))
        client = self.client("G03")
        # The places are free again as soon as the gateway has seen the others go.
        until(lambda: _whoami(client), "a connection after the crowd has gone")


def _whoami(client):
    try:
        return client.request("GET", "/v1/whoami").status == 200
    except OSError:
        return False


class Rates(unittest.TestCase):
    def test_too_many_requests(self):
        folder = scratch(self.addCleanup, "rate")
        network = Network(folder, config={"limits.requests_per_second": 5}, started=False)
        self.addCleanup(network.close)
        network.sc.start()
        greedy, modest = network.client("G02"), network.client("G03")
        answers = [greedy.request("GET", "/v1/whoami") for _ in range(20)]
        refused = [a for a in answers if a.code == "CLIENT_TOO_MANY_REQUESTS"]
        self.assertGreaterEqual(len(refused), 5)
        self.assertEqual({a.status for a in refused}, {429})
        self.assertTrue(all(int(a.headers["retry-after"]) >= 1 for a in refused))
        self.assertEqual(modest.request("GET", "/v1/whoami").status, 200)  # the limit is each principal's own


SEEN = set()


def tearDownModule():
    record_codes("bad_connection", SEEN)


if __name__ == "__main__":
    sys.exit(unittest.main())
