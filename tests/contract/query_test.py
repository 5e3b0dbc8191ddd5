"""Queries: at home, in the other province, in a hub; what may not be shown; refusals of either gateway; deferred answers."""
import base64
import json
import sys
import unittest
import uuid

from chuanyu_test import MATTER, Network, purpose, record, record_codes, records, scratch, until


def why(kind, matter=None):
    return purpose(matter or MATTER[kind], "核验" if kind == "licence" else "")


def natives(answer):
    """The native documents in an answer, comparable: JSON by value, others by bytes."""
    return [base64.b64decode(r["base64"]) if "base64" in r else r for r in answer["records"]]


class TwoProvinces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "query")
        cls.network = Network(folder)
        cls.addClassCleanup(cls.network.close)
        for own in records():
            client = cls.network.client(own.agency)
            answer = client.publish(own, why=purpose("publish", "发布"))
            client.close()
            assert answer.status == 201, (own.id, answer)

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def test_every_record_in_the_askers_format(self):
        """Thirty fixtures, each asked for at home and in the other province by id and by subject."""
        asker = {"sc": self.client("G02"), "cq": self.client("G07")}
        for own in records():
            for province, client in asker.items():
                with self.subTest(id=own.id, asker=province):
                    subject = {"uscc" if own.subject.startswith("9") else "idNo": own.subject}
                    by_id = client.query(own.kind, {"id": own.id}, why(own.kind), owner=own.owner, waitSeconds=20)
                    self.assertEqual(by_id.status, 200, by_id)
                    self.assertEqual(by_id.json["count"], 1 if own.shown else 0, by_id)
                    by_subject = client.query(own.kind, subject, why(own.kind), gateway=own.home, waitSeconds=20)
                    self.assertEqual(by_subject.status, 200, by_subject)
                    if not own.shown:
                        self.assertNotIn(own.id, json.dumps(by_subject.json["records"]))
                        continue
                    wanted = getattr(own, province)
                    [native] = natives(by_id.json)
                    if isinstance(native, bytes):
                        self.assertIn(native, wanted)
                    else:
                        self.assertEqual(native, json.loads(wanted))
                    self.assertIn(native, natives(by_subject.json))
                    self.assertTrue(by_id.json["profile"].startswith(province + "."))

    def test_native_document(self):
        own = record("CA0001")
        answer = self.client("G03").query("case", {"id": own.id}, why("case"), headers={"Accept": "application/xml"})
        self.assertEqual((answer.status, answer.headers["chuanyu-count"]), (200, "1"), answer)
        self.assertEqual(answer.body, own.sc)
        self.assertTrue(answer.headers["content-type"].startswith("application/xml"))

    def test_nothing_found(self):
        for gateway in ("sc", "cq"):
            answer = self.client("G02").query("case", {"id": "none"}, why("case"), gateway=gateway, waitSeconds=20)
            self.assertEqual((answer.status, answer.json["count"], answer.json["records"]), (200, 0, []), answer)

    def test_list_kinds(self):
        client, subject = self.client("G07"), {"uscc": record("CR0001").subject}
        for kinds, count in ((["BLACK"], 1), (["RED"], 0), (["RED", "BLACK"], 1)):
            answer = client.query("credit", subject, why("credit"), gateway="sc", listKinds=kinds, waitSeconds=20)
            self.assertEqual((answer.status, answer.json["count"]), (200, count), answer)

    def test_repeated(self):
        client, key = self.client("G07"), str(uuid.uuid4())
        ask = lambda: client.query("case", {"id": "CA0001"}, why("case"), key=key, gateway="sc", waitSeconds=20)  # noqa: E731
        first, again = ask(), ask()
        self.assertEqual(first.status, 200, first)
        self.assertEqual(again.json, first.json)

    def test_status_of_a_query(self):
        client = self.client("G07")
        answer = client.query("case", {"id": "CA0001"}, why("case"), gateway="sc", waitSeconds=20)
        status = client.status(answer.json["exchangeId"]).json
        self.assertEqual((status["verb"], status["type"], status["status"]), ("query", "query", "answered"))
        self.assertEqual(status["answer"]["records"], answer.json["records"])
        auditor = self.client("cq-auditor").status(answer.json["exchangeId"])
        self.assertEqual(auditor.status, 200)
        self.assertNotIn("answer", auditor.json)  # who follows an exchange does not see what it carried
        self.assertEqual(self.client("G10").status(answer.json["exchangeId"]).status, 404)

    def test_refused_here(self):
        answer = self.client("G13").query("case", {"id": "CA0001"}, why("case"))
        self.assertEqual((answer.status, answer.code), (403, "CLIENT_POLICY_DENIED"), answer)
        self.assertNotIn("case-not-enforcement", answer.body.decode())
        [denied] = self.network.sc.events("exchange.denied", exchange=answer.json["exchangeId"])
        self.assertEqual(denied["rule"], "case-not-enforcement")


class Refusals(unittest.TestCase):
    def setUp(self):
        self.network = Network(scratch(self.addCleanup, "refusal"), started=False)
        self.addCleanup(self.network.close)

    def test_refused_there(self):
        """The asker's gateway allows it, the owner's does not: the rule stands in its log and nowhere else."""
        text = self.network.sc.policy.read_text(encoding="utf-8").replace(
            '"rules": [', '"rules": [ {"id": "secret-rule", "effect": "deny", "verbs": ["query"], "what": ["credit"],'
                          ' "why": "内部理由"},', 1)
        self.network.sc.policy.write_text(text, encoding="utf-8")
        self.network.start()
        answer = self.network.client("G07").query("credit", {"id": "CR0001"}, why("credit"), gateway="sc", waitSeconds=20)
        self.assertEqual((answer.status, answer.code, answer.json.get("peerCode")), (502, "PEER_REFUSED", "CLIENT_POLICY_DENIED"),
                         answer)
        for secret in ("secret-rule", "内部理由"):
            self.assertNotIn(secret, answer.body.decode())
            self.assertNotIn(secret, self.network.cq.stderr.read_text(encoding="utf-8"))
        until(lambda: self.network.sc.events("exchange.denied", rule="secret-rule"), "the denial in the log of sc")
        status = self.network.client("G07").status(answer.json["exchangeId"]).json
        self.assertEqual((status["status"], status["error"]["code"]), ("refused", "CLIENT_POLICY_DENIED"), status)

    def test_a_bad_answer_is_refused_not_bent(self):
        """A name with the list separator of the other format cannot be put there: an error, never two names."""
        self.network.start()
        own, client = record("CA0002"), self.network.client("G05")
        odd = own.native.replace("张执法".encode("gb18030"), "张,执法".encode("gb18030"), 1)
        odd = odd.replace(own.id.encode(), b"CA9002")
        self.assertEqual(client.put("case", "CA9002", odd, own.media).status, 201)
        answer = self.network.client("G07").query("case", {"id": "CA9002"}, why("case"), gateway="sc", waitSeconds=20)
        self.assertEqual((answer.status, answer.code), (422, "RECORD_SEPARATOR"), answer)
        # It stays out, and a note says so, where there are others: nobody hides another's record behind an odd one.
        self.assertEqual(client.publish(own).status, 201)
        answer = self.network.client("G07").query("case", {"uscc": own.subject}, why("case"), gateway="sc", waitSeconds=20)
        self.assertEqual((answer.status, answer.json["count"]), (200, 1), answer)
        self.assertEqual(natives(answer.json), [json.loads(own.cq)])
        self.assertEqual([n["code"] for n in answer.json["notes"] if n["canonical"] == "CA9002"], ["RECORD_SEPARATOR"])

    def deferred(self, client):
        """A query that was told 202 because the other gateway is away."""
        key = str(uuid.uuid4())
        ask = lambda: client.query("case", {"id": "CA0001"}, why("case"), key=key, gateway="sc", waitSeconds=1)  # noqa: E731
        answer = ask()
        self.assertEqual((answer.status, answer.json["status"]), (202, "deferred"), answer)
        again = ask()
        self.assertEqual((again.status, again.json), (202, answer.json))
        exchange = answer.json["exchangeId"]
        self.assertEqual(client.status(exchange).json["status"], "deferred")
        self.assertEqual(client.inbox().json["items"], [])
        return exchange, ask

    def test_deferred_and_answered(self):
        self.network.cq.start()
        client = self.network.client("G07")
        exchange, ask = self.deferred(client)
        self.network.cq.kill()  # and the asker's own gateway dies meanwhile
        self.network.cq.start()
        own = record("CA0001")
        self.network.sc.start()
        self.assertEqual(self.network.client("G02").publish(own).status, 201)
        item = client.await_item(exchange)
        self.assertEqual((item["type"], item["kind"], item["inReplyTo"]), ("answer", "case", exchange))
        answer = ask()
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(item["records"], answer.json["records"])
        self.assertEqual(client.ack(exchange).status, 200)
        self.assertEqual(client.inbox().json["items"], [])
        self.assertEqual(client.status(exchange).json["status"], "answered")

    def test_deferred_and_refused(self):
        self.network.cq.start()
        client = self.network.client("G07")
        exchange, _ = self.deferred(client)
        self.network.sc.policy.write_text('{"version": "none", "rules": []}', encoding="utf-8")
        self.network.sc.start()
        item = client.await_item(exchange)
        self.assertEqual((item["type"], item["inReplyTo"], item["error"]["code"]), ("answer", exchange, "CLIENT_POLICY_DENIED"),
                         item)
        self.assertEqual(client.ack(exchange).status, 200)

    def test_records_change_under_a_query(self):
        """Whatever version a query answers with was the one in force when it was answered."""
        self.network.sc.start()
        writer, reader = self.network.client("G02"), self.network.client("G03")
        own = record("CA0001")
        for n in range(30):
            changed = own.native.replace("监督检查".encode("gb18030"), f"第{n}次".encode("gb18030"), 1)
            self.assertIn(writer.put("case", own.id, changed, own.media).status, (200, 201))
            answer = reader.query("case", {"id": own.id}, why("case"))
            self.assertIn(f"第{n}次", answer.json["records"][0]["text"])


class Shown(unittest.TestCase):
    """profiles.md 6.6: only ACTIVE and DISPUTED, and only until the publication is over."""

    def test_by_status_and_date(self):
        network = Network(scratch(self.addCleanup, "shown"), started=False)
        self.addCleanup(network.close)
        network.cq.start()
        owner, other = network.client("G07"), network.client("G10")
        base = json.loads(record("CR0010").native)
        for n, (status, end, shown) in enumerate((
                ("10", "2099-12-31", True), ("10", "2098-01-01", True), ("10", None, True), ("11", "2098-01-01", True),
                ("10", "2024-01-01", False), ("11", "2024-01-01", False), ("20", "2098-01-01", False),
                ("30", "2098-01-01", False), ("40", "2098-01-01", False), ("50", "2098-01-01", False),
                ("60", "2098-01-01", False))):
            with self.subTest(status=status, end=end):
                name = f"SH{n}"
                one = {**base, "recordId": name, "status": status, "publicity": {**base["publicity"], "endDate": end}}
                answer = owner.put("credit", name, json.dumps(one).encode(), "application/json")
                if answer.code == "RECORD_CODE_UNKNOWN" and status == "60":
                    continue  # Chongqing's format has no word for it
                self.assertEqual(answer.status, 201, answer)
                for client in (owner, other):
                    found = client.query("credit", {"id": name}, why("credit"))
                    self.assertEqual(found.json["count"], 1 if shown else 0, found)
        # Taken back: what was shown before is not shown any more.
        one = {**base, "recordId": "SH0", "status": "40"}
        self.assertEqual(owner.put("credit", "SH0", json.dumps(one).encode(), "application/json").status, 200)
        self.assertEqual(other.query("credit", {"id": "SH0"}, why("credit")).json["count"], 0)


class Hub(unittest.TestCase):
    def test_both_provinces_at_one_gateway(self):
        network = Network(scratch(self.addCleanup, "hub"), hub=True)
        self.addCleanup(network.close)
        own = record("CA0006")
        self.assertEqual(network.client("G07").publish(own).status, 201)
        answer = network.client("G02").query("case", {"id": own.id}, why("case"))
        self.assertEqual((answer.status, answer.json["profile"]), (200, "sc.case.v1"), answer)
        self.assertIn(base64.b64decode(answer.json["records"][0]["base64"]), own.sc)
        pushed = network.client("G07").push(network.uscc("G02"), "record", purpose("case-assist"), kind="case",
                                            record=json.loads(own.native))
        self.assertEqual((pushed.status, pushed.json["status"]), (202, "delivered"), pushed)
        item = network.client("G02").await_item(pushed.exchange)
        self.assertIn(base64.b64decode(item["record"]["base64"]), own.sc)
        refused = network.client("G02").query("case", {"id": own.id}, why("case"), gateway="cq")
        self.assertEqual((refused.status, refused.code), (422, "CLIENT_TARGET_UNKNOWN"), refused)


def tearDownModule():
    record_codes("query")


if __name__ == "__main__":
    sys.exit(unittest.main())
