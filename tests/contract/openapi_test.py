#!/usr/bin/env python3
"""Holds the running gateways against schemas/openapi.yaml: every operation, what it takes, what it answers, how it fails.

Each answer's status and media type must be declared for its operation and its body must fit the schema; at the end every
operation must have been called with success, and every status it was seen to answer must be one that it declares.
"""
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.request
import uuid

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support/py"))
from chuanyu_test.network import Network  # noqa: E402
from chuanyu_test.client import purpose  # noqa: E402
from chuanyu_test.place import scratch  # noqa: E402
from chuanyu_test.records import MATTER, message, record, records, whole_document  # noqa: E402

SPEC = yaml.safe_load((ROOT / "schemas/openapi.yaml").read_text(encoding="utf-8"))


def operations():
    for path, item in SPEC["paths"].items():
        for method, operation in item.items():
            if method in ("get", "put", "post", "delete"):
                yield method.upper(), path, operation


def resolve(node):
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        node = target
    return node


def check_schema(schema, value):
    whole = {"allOf": [schema], "components": SPEC["components"]}
    return sorted(jsonschema.Draft202012Validator(whole).iter_errors(value), key=str)


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "contract")
        cls.network = Network(folder, started=False, config={"limits.body_bytes": 65536, "limits.query_wait_ms_max": 20000,
                                                              "checks": {"*": {"region": "quarantine"}}})
        for name, peer in (("sc", "cq"), ("cq", "sc")):  # each a witness of the other's log, and nobody asked
            gateway = cls.network.gateways[name]
            key = cls.network.pki.folder / name / "gateway" / f"{name}-witness.key"
            gateway.config["witness"] = {"name": f"{name}.witness", "key": str(key)}
            gateway.config["peers"][0]["log_origin"] = f"chuanyu.{peer}/"
        cls.network.start()
        cls.addClassCleanup(cls.network.close)
        cls.called = set()  # (method, path, status)
        cls.operations = {(method, path): operation for method, path, operation in operations()}

    # --- the measure -----------------------------------------------------------------------------------------------------

    def hold(self, method, path, answer, status):
        """The answer is what openapi.yaml says of this operation."""
        self.assertEqual(answer.status, status, answer)
        declared = self.operations[(method, path)]["responses"]
        self.assertIn(str(status), declared, f"{method} {path} 未声明 {status}")
        self.called.add((method, path, status))
        response = resolve(declared[str(status)])
        media = answer.headers.get("content-type", "").split(";")[0]
        self.assertIn(media, response["content"], f"{method} {path} {status} 的内容类型")
        schema = response["content"][media]["schema"]
        value = answer.json if "json" in media else answer.body.decode("utf-8", "replace")
        errors = check_schema(schema, value)
        self.assertEqual([], [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in errors], answer)
        return answer

    def client(self, name, gateway=None):
        client = self.network.client(name, gateway)
        self.addCleanup(client.close)
        return client

    def publish(self, one):
        answer = self.client(one.agency).publish(one, why=purpose(MATTER[one.kind], "发布"))
        self.assertIn(answer.status, (200, 201), answer)
        return answer

    # --- each operation --------------------------------------------------------------------------------------------------

    def test_whoami(self):
        for name in ("G02", "G07", "sc-auditor", "cq-operator"):
            self.hold("GET", "/v1/whoami", self.client(name).request("GET", "/v1/whoami"), 200)
        # Chongqing's agency at Sichuan's gateway.
        self.hold("GET", "/v1/whoami", self.client("G07", self.network.sc).request("GET", "/v1/whoami"), 403)

    def test_put(self):
        path, client = "/v1/records/{kind}/{id}", self.client("G13")
        one, two = (r for r in records("licence", "sc") if r.agency == "G13")
        why = purpose("licence-verify", "发布")
        self.hold("PUT", path, client.publish(one, why=why, key="put-1"), 201)
        self.hold("PUT", path, client.publish(one, why=why), 200)
        self.hold("PUT", path, client.publish(two, why=why, key="put-1"), 409)
        self.hold("PUT", path, client.publish(one, why={}), 422)
        self.hold("PUT", path, client.put("licence", "other", one.native, one.media, why), 422)
        self.hold("PUT", path, client.put("licence", one.id, b"<a/>", "application/xml", why), 415)
        self.hold("PUT", path, client.put("money", one.id, one.native, one.media, why), 404)
        self.hold("PUT", path, client.put("licence", one.id, b"x" * 70000, one.media, why), 413)
        self.hold("PUT", path, self.client("G01").publish(one, why=why), 403)

    def test_import(self):
        path, client = "/v1/records/{kind}:import", self.client("G02")
        bulk = whole_document("sc_credit.gb18030.csv")
        answer = self.hold("POST", path, client.import_("credit", bulk, "text/csv", purpose("credit-check")), 200)
        self.assertEqual(answer.json["rows"], 10)
        self.assertGreater(answer.json["rejected"], 0)  # other agencies' records
        self.hold("POST", path, client.import_("credit", bulk, "text/csv", {}), 422)
        self.hold("POST", path, client.import_("credit", bulk, "application/xml", purpose("credit-check")), 415)

    def test_push_status_inbox_ack(self):
        sender, receiver = self.client("G02"), self.client("G07")
        why, to = purpose("case-assist"), self.network.uscc("G07")
        one = record("CA0001")
        pushed = self.hold("POST", "/v1/exchanges", sender.push_native(to, "case", one.sc, "application/xml", why), 202)
        item = receiver.await_item(pushed.exchange)
        self.assertEqual(item["record"]["case_id"], one.id)
        self.hold("GET", "/v1/inbox", receiver.inbox(), 200)
        self.hold("POST", "/v1/inbox/{id}:ack", receiver.ack(pushed.exchange), 200)
        self.hold("POST", "/v1/inbox/{id}:ack", receiver.ack(pushed.exchange), 200)
        self.hold("POST", "/v1/inbox/{id}:ack", receiver.ack(str(uuid.uuid4())), 404)
        sender.await_status(pushed.exchange, "acknowledged")
        for who in (sender, receiver, self.client("sc-operator"), self.client("sc-auditor")):
            self.hold("GET", "/v1/exchanges/{id}", who.status(pushed.exchange), 200)
        self.hold("GET", "/v1/exchanges/{id}", self.client("G03").status(pushed.exchange), 404)

        letter = sender.push(to, "clue-transfer", purpose("clue-transfer"), message=message("clue-transfer"))
        self.hold("POST", "/v1/exchanges", letter, 202)
        receiver.await_item(letter.exchange)
        self.hold("GET", "/v1/inbox", receiver.inbox(), 200)
        self.hold("GET", "/v1/inbox", receiver.request("GET", "/v1/inbox?limit=nonsense"), 422)
        self.hold("POST", "/v1/exchanges", sender.push("11500152MBDEM0074X", "record", why, kind="case", record={}), 422)
        self.hold("POST", "/v1/exchanges", sender.post("/v1/exchanges", "{"), 400)
        self.hold("POST", "/v1/exchanges", self.client("G15").push(self.network.uscc("G02"), "record", why, kind="case",
                                                                   record={"case_id": "x"}), 403)

    def test_query(self):
        for identity in ("CA0001", "CA0007", record("CR0007").id):
            self.publish(record(identity))
        path = "/v1/queries"
        chongqing, sichuan = self.client("G07"), self.client("G02")
        why = purpose("case-assist")
        answer = self.hold("POST", path, chongqing.query("case", {"id": "CA0001"}, why, gateway="sc", waitSeconds=20), 200)
        self.assertEqual(answer.json["count"], 1)
        self.hold("GET", "/v1/exchanges/{id}", chongqing.status(answer.json["exchangeId"]), 200)
        answer = self.hold("POST", path, sichuan.query("case", {"id": "CA0007"}, why, gateway="cq", waitSeconds=20), 200)
        self.assertIn("base64", answer.json["records"][0])
        answer = self.hold("POST", path, sichuan.query("credit", {"uscc": record("CR0007").subject}, purpose("credit-check"),
                                                       gateway="cq", waitSeconds=20, headers={"Accept": "text/csv"}), 200)
        self.assertEqual(answer.headers["chuanyu-count"], "1")
        self.hold("POST", path, sichuan.query("case", {"id": "none"}, why, gateway="cq", waitSeconds=20), 200)
        self.hold("POST", path, sichuan.query("case", {"id": "CA0007"}, why, headers={"Accept": "image/png"}), 406)
        self.hold("POST", path, self.client("G15").query("case", {"id": "CA0001"}, why), 403)
        self.hold("POST", path, sichuan.query("case", {}, why), 422)
        self.hold("POST", path, sichuan.query("licence", {"id": "x"}, purpose("licence-verify")), 422)  # no cause
        self.hold("POST", path, sichuan.post(path, '{"kind":"case","kind":"case"}'), 422)
        self.hold("POST", path, sichuan.post(path, '{"kind":'), 400)

    def explain(self):
        """What a mapping makes of a record, with nothing of a person in it."""
        path, one = "/v1/mappings/{mapping}:explain", record("CA0001")

        def ask(who, mapping, body=one.sc, media="application/xml"):
            return self.client(who).request("POST", f"/v1/mappings/{mapping}:explain", body, {"Content-Type": media})

        for who in ("G02", "sc-operator"):
            answer = self.hold("POST", path, ask(who, "sc.case.v1"), 200)
            steps = {s["canonical"]: s for s in answer.json["steps"] if "canonical" in s}
            self.assertEqual((steps["state"]["lexeme"], steps["state"]["value"]), ("已结案", "CLOSED"))
            at = steps["state"]["offset"]
            self.assertEqual(one.sc[at:at + steps["state"]["length"]], "已结案".encode("gb18030"))
            self.assertEqual(steps["parties[0].name"]["value"], "〔12 字〕")
            for secret in ("涪江", "91510903MADEM0011H", "张执法", "23090100001"):
                self.assertNotIn(secret, answer.body.decode())
        self.hold("POST", path, ask("G02", "cq.case.v1"), 422)  # not its own
        self.hold("POST", path, ask("G02", "sc.case.v1", media="text/csv"), 415)
        self.hold("POST", path, ask("G02", "sc.case.v1", body=b"<x/>"), 422)
        self.hold("POST", path, ask("sc-auditor", "sc.case.v1"), 403)

    def test_gaps_and_quarantine(self):
        one, client, operator = record("CR0001"), self.client("G02"), self.client("sc-operator")
        text = one.native.decode("gb18030")
        odd = text.replace(",罚款;", ",太空罚款;")
        self.assertEqual(client.put("credit", one.id, odd.encode("gb18030"), one.media).status, 201)
        answer = self.hold("GET", "/v1/gaps", operator.request("GET", "/v1/gaps"), 200)
        self.assertIn("sc.penalty", [row["codeSet"] for row in answer.json["gaps"]])
        self.hold("GET", "/v1/gaps", self.client("G07", self.network.sc).request("GET", "/v1/gaps"), 403)

        far = text.replace(",510903,", ",999999,")
        refused = self.hold("PUT", "/v1/records/{kind}/{id}", client.put("credit", one.id, far.encode("gb18030"), one.media), 422)
        exchange = refused.json["exchangeId"]
        listed = self.hold("GET", "/v1/quarantine", operator.request("GET", "/v1/quarantine"), 200)
        self.assertEqual([row["exchangeId"] for row in listed.json["items"]], [exchange])
        self.hold("GET", "/v1/quarantine", operator.request("GET", "/v1/quarantine?limit=many"), 422)
        path = "/v1/quarantine/{id}:rerun"
        rerun = lambda who, id: who.request("POST", f"/v1/quarantine/{id}:rerun", b"")  # noqa: E731
        self.hold("POST", path, rerun(client, exchange), 200)
        self.hold("POST", path, rerun(client, str(uuid.uuid4())), 404)
        self.hold("POST", path, rerun(self.client("sc-auditor"), exchange), 403)

    def test_receipts_and_erasure(self):
        own = record("CA0003")
        agency, operator = self.client(own.agency), self.client(own.home + "-operator")
        published = agency.put("case", own.id, own.native, own.media, **{"Chuanyu-Ack": "signed"})
        self.hold("PUT", "/v1/records/{kind}/{id}", published, 201)
        exchange = published.exchange
        path = "/v1/exchanges/{id}:receipt"
        self.hold("GET", path, agency.request("GET", f"/v1/exchanges/{exchange}:receipt"), 200)
        self.hold("GET", path, agency.request("GET", f"/v1/exchanges/{uuid.uuid4()}:receipt"), 404)
        # No witness policy here: what cannot be had is not there.
        self.hold("GET", path, agency.request("GET", f"/v1/exchanges/{exchange}:receipt", headers={"Chuanyu-Ack": "witnessed"}), 404)
        why = {"basis": "依据", "approver": "批准人"}
        self.hold("POST", "/v1/erasures", agency.post("/v1/erasures", {"exchanges": [exchange], **why}), 403)
        self.hold("POST", "/v1/erasures", operator.post("/v1/erasures", {"exchanges": [exchange]}), 422)
        self.hold("POST", "/v1/erasures", operator.post("/v1/erasures", {"exchanges": [exchange], **why}), 200)
        self.hold("POST", "/v1/erasures", operator.post("/v1/erasures", {"exchanges": [exchange], **why}), 404)

    def test_witnessing(self):
        """What a witness answers; the checkpoint is the other gateway's own."""
        path = "/witness/v1/add-checkpoint"
        self.hold("POST", path, self.client("G02").request("POST", path, b"old 0\n\n"), 403)
        asker = self.network.client("cq-gw", self.network.sc)
        self.addCleanup(asker.close)
        self.hold("POST", path, asker.request("POST", path, b"old 0\n\n"), 400)
        note = self.client("cq-auditor").request("GET", "/v1/log/checkpoint").body
        self.hold("POST", path, asker.request("POST", path, b"old 0\n\n" + note), 200)
        self.hold("POST", path, asker.request("POST", path, b"old 0\n\n" + note), 409)
        own = self.client("sc-auditor").request("GET", "/v1/log/checkpoint").body
        self.hold("POST", path, asker.request("POST", path, b"old 0\n\n" + own), 404)

    def test_the_rest(self):
        self.hold("GET", "/v1/mappings", self.client("G02").request("GET", "/v1/mappings"), 200)
        self.explain()
        self.publish(record("CA0001"))
        auditor = self.client("sc-auditor")
        self.hold("GET", "/v1/log/checkpoint", auditor.request("GET", "/v1/log/checkpoint"), 200)
        self.hold("GET", "/v1/log/checkpoint", self.client("G02").request("GET", "/v1/log/checkpoint"), 403)
        self.hold("GET", "/v1/log/checkpoint", auditor.request("GET", "/v1/log/checkpoint?origin=x"), 404)
        for path, place in (("/v1/log/tile/{tile}", "/v1/log/tile/0/"), ("/v1/log/tile/entries/{bundle}", "/v1/log/tile/entries/")):
            self.hold("GET", path, auditor.request("GET", place + "000.p/1"), 200)
            self.hold("GET", path, auditor.request("GET", place + "x001/000"), 404)
            self.hold("GET", path, auditor.request("GET", place + "1000"), 422)
            self.hold("GET", path, self.client("G02").request("GET", place + "000.p/1"), 403)
        self.hold("GET", "/v1/log/witnesses", auditor.request("GET", "/v1/log/witnesses"), 200)
        self.hold("GET", "/v1/log/witnesses", self.client("G02").request("GET", "/v1/log/witnesses"), 403)
        for path in ("/healthz", "/readyz", "/metrics"):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.network.sc.admin_port}{path}", timeout=10) as response:
                from chuanyu_test.client import Answer
                headers = {k.lower(): v for k, v in response.headers.items()}
                self.hold("GET", path, Answer(response.status, headers, response.read()), 200)

    # --- the document itself ---------------------------------------------------------------------------------------------

    def test_zz_every_operation_was_called(self):
        missing = [f"{m} {p}" for m, p in self.operations if not any((m, p, s) in self.called for s in (200, 201, 202))]
        self.assertEqual([], missing)

    def test_examples_of_what_must_not_fit(self):
        """The schemas are not so loose that anything fits."""
        problem = {"$ref": "#/components/schemas/Problem"}
        self.assertTrue(check_schema(problem, {}))
        self.assertTrue(check_schema({"$ref": "#/components/schemas/Receipt"}, {"exchangeId": "x"}))
        self.assertTrue(check_schema({"$ref": "#/components/schemas/QueryRequest"}, {"kind": "case", "subject": {}, "purpose": {}}))

    def test_error_codes_are_those_of_the_table(self):
        done = subprocess.run([sys.executable, str(ROOT / "tests/contract/update_codes.py"), "--check"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout)

    def test_every_route_of_the_gateway_is_described(self):
        source = (ROOT / "gateway/http/routes.cpp").read_text(encoding="utf-8")
        described = {(method, re.sub(r"\{\w+\}", "*", path)) for method, path in self.operations}
        for method, pattern in re.findall(r'\{"([A-Z]+)", "(/v1/[^"]*)"', source):
            pattern = re.sub(r"^/v1/records/(?:credit|licence|case)?/?\*$", "/v1/records/*/*", pattern)
            self.assertIn((method, pattern), described, "schemas/openapi.yaml 没有描述它")


if __name__ == "__main__":
    unittest.main(verbosity=2)
