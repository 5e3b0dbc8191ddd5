"""HTTP over mutual TLS as any agency's system would speak it: ssl and http.client, nothing clever."""
import http.client
import json
import ssl
import time
import urllib.parse
import uuid

from .place import until

_codes = set()
LOST = (OSError, http.client.HTTPException)  # what a connection can die of


def codes_seen():
    """Every problem code that any client of this process was answered with."""
    return set(_codes)


def purpose(matter, cause="", **other):
    parts = {"matter": matter, "basis": "《川渝地区电子证照互认共享合作协议》", "grant": "CY-2026-001", "operator": "测试经办人",
             "cause": cause, **other}
    return {key: value for key, value in parts.items() if value}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body
        if "json" in self.headers.get("content-type", ""):
            self.json = json.loads(body.decode("utf-8"))
        else:
            self.json = None
        if self.code:
            _codes.add(self.code)

    @property
    def code(self):
        return self.json.get("code") if isinstance(self.json, dict) and self.status >= 400 else None

    @property
    def exchange(self):
        return self.json["receipt"]["exchangeId"]

    def __repr__(self):
        return f"<{self.status} {self.code or ''} {self.body[:600].decode('utf-8', 'replace')}>"


class Client:
    """One keep-alive connection, made anew when it is gone. Not for two threads."""

    def __init__(self, pki, gateway, name, timeout=30):
        self.pki = pki
        self.gateway = gateway
        self.name = name
        self.timeout = timeout
        self._connection = None

    # --- transport ---------------------------------------------------------------------------------------------------

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.pki.trust)
        if self.name:
            context.load_cert_chain(*self.pki.files(self.name))
        return context

    def socket(self):
        """A connected TLS socket, for those who want to say something else than HTTP."""
        import socket
        raw = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=self.timeout)
        return self.context().wrap_socket(raw, server_hostname="localhost")

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def request(self, method, path, body=None, headers=None):
        """One request; a connection that the gateway closed between two requests is made anew, once."""
        reused = self._connection is not None
        try:
            return self._request(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            self.close()
            if not reused:
                raise
        return self._request(method, path, body, headers)

    def _request(self, method, path, body, headers):
        try:
            if self._connection is None:
                self._connection = http.client.HTTPSConnection("localhost", self.gateway.port, timeout=self.timeout,
                                                               context=self.context())
            self._connection.request(method, path, body, headers or {})
            response = self._connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
            if response.will_close:
                self.close()
            return answer
        except BaseException:
            self.close()
            raise

    def persist(self, call, seconds=60):
        """Repeats call() with what it holds (so: with its own idempotency key) until it is answered with less than 500."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = call()
                if answer.status < 500:
                    return answer
            except LOST:
                answer = None
            if time.monotonic() > end:
                raise AssertionError(f"no answer within {seconds} s: {answer}")
            time.sleep(0.02)

    # --- verbs -------------------------------------------------------------------------------------------------------

    @staticmethod
    def why_headers(why):
        return {"Chuanyu-" + key.capitalize(): urllib.parse.quote(value) for key, value in why.items()}

    def put(self, kind, id, body, media, why=None, key=None, **headers):  # pylint: disable=redefined-builtin
        why = purpose("publish") if why is None else why
        return self.request("PUT", f"/v1/records/{kind}/{urllib.parse.quote(id, safe='')}", body,
                            {"Content-Type": media, "Idempotency-Key": key or str(uuid.uuid4()), **self.why_headers(why),
                             **headers})

    def publish(self, record, **more):
        return self.put(record.kind, record.id, record.native, record.media, **more)

    def import_(self, kind, body, media, why=None, key=None, **headers):
        return self.request("POST", f"/v1/records/{kind}:import", body,
                            {"Content-Type": media, "Idempotency-Key": key or str(uuid.uuid4()),
                             **self.why_headers(purpose("publish") if why is None else why), **headers})

    def post(self, path, body, key=None, **headers):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode("utf-8")
        return self.request("POST", path, body, {"Content-Type": "application/json",
                                                 "Idempotency-Key": key or str(uuid.uuid4()), **headers})

    def query(self, kind, subject, why, key=None, headers=None, **more):
        return self.post("/v1/queries", {"kind": kind, "subject": subject, "purpose": why, **more}, key, **(headers or {}))

    def push(self, to, type, why, key=None, **more):  # pylint: disable=redefined-builtin
        return self.post("/v1/exchanges", {"to": to, "type": type, "purpose": why, **more}, key)

    def push_native(self, to, kind, body, media, why, key=None):
        return self.request("POST", "/v1/exchanges", body,
                            {"Content-Type": media, "Idempotency-Key": key or str(uuid.uuid4()), "Chuanyu-To": to,
                             "Chuanyu-Kind": kind, **self.why_headers(why)})

    def status(self, exchange):
        return self.request("GET", f"/v1/exchanges/{exchange}")

    def inbox(self, after=None, wait=0, limit=100):
        query = urllib.parse.urlencode({k: v for k, v in (("after", after), ("wait", wait), ("limit", limit)) if v})
        return self.request("GET", "/v1/inbox" + ("?" + query if query else ""))

    def ack(self, exchange):
        return self.request("POST", f"/v1/inbox/{exchange}:ack", b"", {"Idempotency-Key": str(uuid.uuid4())})

    def inbox_all(self):
        """Every item that lies there."""
        items, after = [], None
        while True:
            page = self.inbox(after=after)
            assert page.status == 200, page
            if not page.json["items"]:
                return items
            items += page.json["items"]
            after = page.json["next"]

    def await_item(self, exchange, seconds=30):
        """The inbox item of an exchange, when it has come."""
        return until(lambda: next((i for i in self.inbox_all() if i["id"] == exchange), None),
                     f"{exchange} in the inbox of {self.name}", seconds)

    def await_status(self, exchange, status, seconds=30):
        return until(lambda: (lambda a: a if a.status == 200 and a.json["status"] == status else None)(self.status(exchange)),
                     f"status {status} of {exchange}", seconds)
