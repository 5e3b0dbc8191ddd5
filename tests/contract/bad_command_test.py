"""Commands that are no good whatever they carry: envelope, metadata, key, route, role of the parties."""
import json
import sys
import unittest
import uuid

from chuanyu_test import Network, Steady, message, purpose, record, record_codes, scratch

WHY = purpose("credit-check")
SUBJECT = {"uscc": "91510903MADEM0011H"}


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "bad-command")
        cls.network = Network(folder, config={"limits.body_bytes": 300_000}, started=False)
        cls.addClassCleanup(cls.network.close)

        def without_licence(document):
            for party in document["parties"]:
                if party["uscc"] == cls.network.uscc("G05"):
                    del party["profiles"]["licence"]
        cls.network.pki.change_directory(without_licence)
        cls.network.sc.start()
        cls.g02, cls.g03, cls.g05 = (cls.network.client(n) for n in ("G02", "G03", "G05"))
        healthy = cls.network.client("G04")
        cls.steady = Steady(lambda: healthy.query("credit", {"id": "none"}, WHY).json["count"] == 0)
        cls.addClassCleanup(cls.steady.stop)

    def setUp(self):
        self.mark = self.steady.mark()

    def tearDown(self):
        self.steady.check(self, self.mark)

    def refused(self, answer, status, code, pointer=None):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        if pointer is not None:
            self.assertEqual(answer.json.get("pointer"), pointer, answer)

    # --- envelopes ---------------------------------------------------------------------------------------------------

    def test_malformed_json(self):
        for body in (b"", b"{", b'{"kind": credit}', b"[]", b'"x"', b"{}x", b'{"a": "\xff"}', b'{"a": 01}', b"\x00"):
            self.refused(self.g02.post("/v1/queries", body), 400, "CLIENT_JSON_INVALID")
            self.refused(self.g02.post("/v1/exchanges", body), 400, "CLIENT_JSON_INVALID")

    def test_deep_json(self):
        for body in ('{"kind":' * 10_000, '{"kind":' + "[" * 100_000, '{"a":' + "[" * 100 + "]" * 100 + "}"):
            self.refused(self.g02.post("/v1/queries", body), 422, "RECORD_TOO_DEEP")

    def test_duplicate_key(self):
        body = '{"kind":"credit","kind":"case","subject":{"uscc":"x"}}'
        self.refused(self.g02.post("/v1/queries", body), 422, "RECORD_DUPLICATE_KEY", "/kind")
        body = '{"kind":"credit","purpose":{"matter":"a","matter":"b"}}'
        self.refused(self.g02.post("/v1/queries", body), 422, "RECORD_DUPLICATE_KEY", "/purpose/matter")

    def test_oversized(self):
        self.refused(self.g02.post("/v1/queries", b" " * 300_001), 413, "CLIENT_BODY_TOO_LARGE")

    def test_fields(self):
        ask = {"kind": "credit", "subject": SUBJECT, "purpose": WHY}
        for change, code, pointer in (
                ({"kind": None}, "CLIENT_FIELD_MISSING", "/kind"),
                ({"kind": 1}, "CLIENT_FIELD_INVALID", "/kind"),
                ({"subject": None}, "CLIENT_FIELD_MISSING", "/subject"),
                ({"subject": {}}, "CLIENT_FIELD_MISSING", "/subject"),
                ({"subject": "x"}, "CLIENT_FIELD_INVALID", "/subject"),
                ({"subject": {"uscc": "1", "id": "2"}}, "CLIENT_FIELD_INVALID", "/subject"),
                ({"subject": {"name": "谁"}}, "CLIENT_FIELD_UNKNOWN", "/subject/name"),
                ({"colour": "red"}, "CLIENT_FIELD_UNKNOWN", "/colour"),
                ({"waitSeconds": 0}, "CLIENT_FIELD_INVALID", "/waitSeconds"),
                ({"waitSeconds": 1.5}, "CLIENT_FIELD_INVALID", "/waitSeconds"),
                ({"waitSeconds": 10 ** 30}, "CLIENT_FIELD_INVALID", "/waitSeconds"),
                ({"listKinds": "BLACK"}, "CLIENT_FIELD_INVALID", "/listKinds"),
                ({"kind": "case", "listKinds": ["BLACK"]}, "CLIENT_FIELD_INVALID", "/listKinds"),
                ({"owner": "x" * 5000}, "CLIENT_FIELD_INVALID", "/owner"),
                ({"owner": "11110000000000000A"}, "CLIENT_TARGET_UNKNOWN", "/owner"),
                ({"gateway": "xz"}, "CLIENT_TARGET_UNKNOWN", "/gateway"),
                ({"purpose": {**WHY, "why": "x"}}, "CLIENT_FIELD_UNKNOWN", "/purpose/why")):
            with self.subTest(change=change):
                self.refused(self.g02.post("/v1/queries", {**ask, **change}), 422, code, pointer)
        self.refused(self.g02.post("/v1/queries", {**ask, "kind": "tax"}), 404, "CLIENT_KIND_UNKNOWN", "/kind")

    def test_push_fields(self):
        case = {"to": self.network.uscc("G03"), "type": "clue-transfer", "message": message("clue-transfer"),
                "purpose": purpose("clue-transfer")}
        for change, code, pointer in (
                ({"to": None}, "CLIENT_FIELD_MISSING", "/to"),
                ({"to": "11110000000000000A"}, "CLIENT_TARGET_UNKNOWN", "/to"),
                ({"type": None}, "CLIENT_FIELD_MISSING", "/type"),
                ({"type": "love-letter"}, "CLIENT_FIELD_INVALID", "/type"),
                ({"message": None}, "CLIENT_FIELD_MISSING", "/message"),
                ({"expiresAt": "tomorrow"}, "CLIENT_FIELD_INVALID", "/expiresAt"),
                ({"expiresAt": "2020-01-01T00:00:00Z"}, "CLIENT_FIELD_INVALID", "/expiresAt"),
                ({"inReplyTo": "x"}, "CLIENT_FIELD_INVALID", "/inReplyTo"),
                ({"record": {}}, "CLIENT_FIELD_UNKNOWN", "/record"),
                ({"type": "record", "kind": "case", "message": None}, "CLIENT_FIELD_MISSING", "/record"),
                ({"type": "record", "message": None, "recordText": "x"}, "CLIENT_FIELD_MISSING", "/kind"),
                ({"type": "record", "kind": "case", "message": None, "recordText": "x", "recordBase64": "eA=="},
                 "CLIENT_FIELD_INVALID", "/record"),
                ({"type": "record", "kind": "case", "message": None, "recordBase64": "***"}, "CLIENT_FIELD_INVALID",
                 "/recordBase64")):
            with self.subTest(change=change):
                body = {key: value for key, value in {**case, **change}.items() if value is not None}
                self.refused(self.g02.post("/v1/exchanges", body), 422, code, pointer)
        unreadable = {**case, "message": {**message("clue-transfer"), "transferDate": "2026-02-30"}}
        self.assertEqual(self.g02.post("/v1/exchanges", unreadable).status, 422)

    # --- metadata ----------------------------------------------------------------------------------------------------

    def test_purpose(self):
        for part in ("matter", "basis", "grant", "operator"):
            lacking = {key: value for key, value in WHY.items() if key != part}
            with self.subTest(part=part):
                for why in (lacking, {**WHY, part: ""}):
                    self.refused(self.g02.query("credit", SUBJECT, why), 422, "CLIENT_PURPOSE_MISSING", f"/purpose/{part}")
                self.refused(self.g02.publish(record("CR0001"), why=lacking), 422, "CLIENT_PURPOSE_MISSING")
                self.refused(self.g02.import_("credit", record("CR0001").native, "text/csv", why=lacking), 422,
                             "CLIENT_PURPOSE_MISSING")
                self.refused(self.g02.push(self.network.uscc("G03"), "clue-transfer", lacking,
                                           message=message("clue-transfer")), 422, "CLIENT_PURPOSE_MISSING")
        self.refused(self.g02.post("/v1/queries", {"kind": "credit", "subject": SUBJECT}), 422, "CLIENT_PURPOSE_MISSING")
        why = purpose("licence-verify")
        self.refused(self.g02.query("licence", SUBJECT, why), 422, "CLIENT_PURPOSE_MISSING", "/purpose/cause")
        self.refused(self.g02.query("licence", SUBJECT, {**why, "cause": "由" * 201}), 422, "CLIENT_FIELD_INVALID",
                     "/purpose/cause")
        self.assertEqual(self.g02.query("licence", SUBJECT, {**why, "cause": "由" * 200}).status, 200)
        self.refused(self.g02.query("credit", SUBJECT, {**WHY, "basis": "据" * 200}), 422, "CLIENT_FIELD_INVALID",
                     "/purpose/basis")

    def test_header_that_is_no_utf_8(self):
        self.refused(self.g02.publish(record("CR0001"), **{"Chuanyu-Basis": "%ff%fe"}), 422, "CLIENT_FIELD_INVALID",
                     "Chuanyu-Basis")
        self.refused(self.g02.publish(record("CR0001"), **{"Chuanyu-Basis": "%zz"}), 422, "CLIENT_FIELD_INVALID")

    def test_idempotency_key(self):
        own = record("CR0001")
        for headers, code in (({}, "CLIENT_IDEMPOTENCY_KEY_MISSING"), ({"Idempotency-Key": "a b"}, "CLIENT_FIELD_INVALID"),
                              ({"Idempotency-Key": "k" * 129}, "CLIENT_FIELD_INVALID")):
            headers = {"Content-Type": own.media, **self.g02.why_headers(purpose("publish")), **headers}
            self.refused(self.g02.request("PUT", "/v1/records/credit/CR0001", own.native, headers), 422, code,
                         "Idempotency-Key")
        for path in ("/v1/queries", "/v1/exchanges"):
            answer = self.g02.request("POST", path, b"{}", {"Content-Type": "application/json"})
            self.refused(answer, 422, "CLIENT_IDEMPOTENCY_KEY_MISSING", "Idempotency-Key")

    def test_replayed_key_with_another_body(self):
        own, key = record("CA0001"), str(uuid.uuid4())
        self.assertEqual(self.g02.publish(own, key=key).status, 201)
        other = own.native.replace("监督检查".encode("gb18030"), "投诉举报".encode("gb18030"), 1)
        self.refused(self.g02.put("case", own.id, other, own.media, key=key), 409, "CLIENT_IDEMPOTENCY_CONFLICT",
                     "Idempotency-Key")
        self.refused(self.g02.publish(own, key=key, why=purpose("another")), 409, "CLIENT_IDEMPOTENCY_CONFLICT")
        self.refused(self.g02.query("credit", SUBJECT, WHY, key=key), 409, "CLIENT_IDEMPOTENCY_CONFLICT")
        key = str(uuid.uuid4())
        self.assertEqual(self.g02.query("credit", SUBJECT, WHY, key=key).status, 200)
        self.refused(self.g02.query("credit", {"uscc": "x"}, WHY, key=key), 409, "CLIENT_IDEMPOTENCY_CONFLICT")
        letter, to, why, key = message("clue-transfer"), self.network.uscc("G03"), purpose("clue-transfer"), str(uuid.uuid4())
        self.assertEqual(self.g02.push(to, "clue-transfer", why, key=key, message=letter).status, 202)
        for change in ({"message": {**letter, "letterNo": "另一号"}}, {"expiresAt": "2099-01-01T00:00:00+08:00"}):
            answer = self.g02.push(to, "clue-transfer", why, key=key, **{"message": letter, **change})
            self.refused(answer, 409, "CLIENT_IDEMPOTENCY_CONFLICT")
        self.assertEqual(self.g03.push(self.network.uscc("G02"), "clue-transfer", why, key=key, message=letter).status, 202,
                         "a key is its agency's own")

    # --- media types and routes --------------------------------------------------------------------------------------

    def test_content_type(self):
        own = record("CR0001")
        for media in ("application/json", "application/xml", "text/plain", ""):
            self.refused(self.g02.put("credit", own.id, own.native, media), 415, "CLIENT_MEDIA_TYPE", "Content-Type")
            self.refused(self.g02.import_("credit", own.native, media), 415, "CLIENT_MEDIA_TYPE")
        self.refused(self.g02.post("/v1/queries", b"{}", **{"Content-Type": "text/plain"}), 415, "CLIENT_MEDIA_TYPE")

    def test_accept(self):
        for accept in ("image/png", "text/csv"):
            answer = self.g02.query("case", {"id": "CA0001"}, purpose("case-assist"), headers={"Accept": accept})
            self.refused(answer, 406, "CLIENT_NOT_ACCEPTABLE", "Accept")

    def test_no_profile(self):
        own = record("CA0002")
        self.assertEqual(own.agency, "G05")
        self.refused(self.g05.query("licence", SUBJECT, purpose("licence-verify", "核验")), 422, "CLIENT_PROFILE_UNKNOWN")
        self.refused(self.g05.put("licence", "x", b"{}", "application/json", why=purpose("publish")), 422,
                     "CLIENT_PROFILE_UNKNOWN")
        self.refused(self.g05.push(self.network.uscc("G02"), "record", purpose("licence-verify", "核验"), kind="licence",
                                   record={}), 422, "CLIENT_PROFILE_UNKNOWN")

    def test_kinds_and_routes(self):
        self.refused(self.g02.put("tax", "1", b"{}", "application/json"), 404, "CLIENT_KIND_UNKNOWN")
        self.refused(self.g02.import_("tax", b"{}", "application/json"), 404, "CLIENT_KIND_UNKNOWN")
        self.refused(self.g02.request("GET", "/v1/nothing"), 404, "CLIENT_ROUTE_UNKNOWN")
        self.refused(self.g02.request("GET", "/"), 404, "CLIENT_ROUTE_UNKNOWN")
        self.refused(self.g02.request("DELETE", "/v1/inbox"), 405, "CLIENT_METHOD_NOT_ALLOWED")
        self.refused(self.g02.request("POST", "/v1/whoami", b""), 405, "CLIENT_METHOD_NOT_ALLOWED")
        self.refused(self.g02.request("TRACE", "/v1/whoami"), 405, "CLIENT_METHOD_NOT_ALLOWED")
        self.refused(self.g02.request("GET", "/v1/exchanges/" + str(uuid.uuid4())), 404, "CLIENT_NOT_FOUND")
        self.refused(self.g02.request("GET", "/v1/exchanges/x"), 404, "CLIENT_NOT_FOUND")
        self.refused(self.g02.ack(str(uuid.uuid4())), 404, "CLIENT_NOT_FOUND")
        for query in ("after=x", "wait=61", "limit=101", "wait=-1", "after=99999999999999999999999"):
            self.refused(self.g02.request("GET", "/v1/inbox?" + query), 422, "CLIENT_FIELD_INVALID")

    # --- policy ------------------------------------------------------------------------------------------------------

    def test_policy(self):
        answer = self.g02.query("credit", SUBJECT, purpose("curiosity"))
        self.refused(answer, 403, "CLIENT_POLICY_DENIED")
        self.assertNotIn("default-deny", json.dumps(answer.json))
        operator = self.network.client("sc-operator")
        entry = operator.status(answer.json["exchangeId"])
        self.assertEqual(entry.status, 404)  # a refusal is an entry of the log, not an exchange
        denied = self.network.sc.events("exchange.denied", exchange=answer.json["exchangeId"])
        self.assertEqual([row["rule"] for row in denied], ["default-deny"])

    def test_import_tells_each_row(self):
        rows = [record(i).native.decode("gb18030").split("\r\n")[:2] for i in ("CR0001", "CR0002")]
        good, ragged, other = rows[0][1], rows[1][1] + ",more", record("CR0004").native.decode("gb18030").split("\r\n")[1]
        wrong = rows[1][1].replace("2025/01/15", "2025/02/30")
        body = "\r\n".join((rows[0][0], good, ragged, wrong, other, "")).encode("gb18030")
        answer = self.g02.import_("credit", body, "text/csv")
        self.assertEqual(answer.status, 200, answer)
        said = {row["row"]: row["code"] for row in answer.json["outcomes"]}
        self.assertEqual(said, {2: "RECORD_RAGGED_ROW", 3: "RECORD_DATE", 4: "CLIENT_NOT_OWNER"}, answer)
        self.assertEqual((answer.json["rows"], answer.json["accepted"], answer.json["rejected"]), (4, 1, 3))
        self.assertEqual({row["row"]: row["line"] for row in answer.json["outcomes"]}, {2: 3, 3: 4, 4: 5})


def tearDownModule():
    record_codes("bad_command")


if __name__ == "__main__":
    sys.exit(unittest.main())
