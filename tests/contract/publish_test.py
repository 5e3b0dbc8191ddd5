"""Publishing: one record or many, replacing, repeating."""
import json
import sys
import unittest
import uuid

from chuanyu_test import MATTER, Network, purpose, record, records, scratch, whole_document


class Publish(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = scratch(cls.addClassCleanup, "publish")
        cls.network = Network(folder, started=False)
        cls.addClassCleanup(cls.network.close)
        cls.network.sc.start()

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def found(self, name, kind, id):  # pylint: disable=redefined-builtin
        answer = self.client(name).query(kind, {"id": id}, purpose(MATTER[kind], "核验"))
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_new_replaced_repeated(self):
        own, client = record("CA0001"), self.client("G02")
        native = own.native.replace(b"CA0001", b"CA9001")
        first_key, second_key = str(uuid.uuid4()), str(uuid.uuid4())
        first = client.put("case", "CA9001", native, own.media, key=first_key)
        self.assertEqual(first.status, 201, first)
        receipt = first.json["receipt"]
        self.assertEqual((receipt["gateway"], receipt["level"]), ("sc", "durable"))
        self.assertRegex(receipt["leaf"], "^[0-9a-f]{64}$")
        changed = native.replace("已结案".encode("gb18030"), "调查取证".encode("gb18030"), 1)
        second = client.put("case", "CA9001", changed, own.media, key=second_key)
        self.assertEqual(second.status, 200, second)
        self.assertGreater(second.json["receipt"]["index"], receipt["index"])
        # The same key and the same body: the stored answer, and no effect, however late.
        for key, body, wanted in ((first_key, native, first), (second_key, changed, second)):
            again = client.put("case", "CA9001", body, own.media, key=key)
            self.assertEqual((again.status, again.json), (wanted.status, wanted.json))
        [shown] = self.found("G02", "case", "CA9001")["records"]
        self.assertIn("调查取证", shown["text"])

    def test_a_bare_record(self):
        own = record("CA0003")
        bare = own.native[own.native.index("<案件>".encode("gb18030")):own.native.index("</案件集>".encode("gb18030"))]
        answer = self.client("G04").put("case", own.id, bare, own.media)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.found("G02", "case", own.id)["count"], 1)

    def test_id_with_dots_and_slashes_in_the_path(self):
        own = records("licence", "sc")[0]
        answer = self.client(own.agency).publish(own, why=purpose("publish", "发布"))
        self.assertEqual(answer.status, 201, answer)
        odd = json.loads(own.native)
        odd["ZZBS"] = own.id + "/甲 乙"
        answer = self.client(own.agency).put("licence", odd["ZZBS"], json.dumps(odd).encode(), own.media)
        self.assertIn(answer.code, (None, "RECORD_IDENTIFIER", "RECORD_CHECK_DIGIT"), answer)

    def test_status_of_a_publication(self):
        own, client = record("CR0001"), self.client("G02")
        exchange = client.publish(own).exchange
        status = client.status(exchange).json
        self.assertEqual((status["verb"], status["status"], status["from"]), ("publish", "published", own.owner))
        self.assertEqual(self.client("G03").status(exchange).status, 404)
        self.assertEqual(self.client("sc-auditor").status(exchange).status, 200)
        self.assertEqual(self.client("sc-operator").status(exchange).status, 200)

    def test_import(self):
        """A whole file: what is the caller's is taken, the rest is told row by row; again: nothing changes."""
        client = self.client("G02")
        document = whole_document("sc_case.gb18030.xml")
        for again in (False, True):
            answer = client.import_("case", document, "application/xml", key="import-" + str(again))
            self.assertEqual(answer.status, 200, answer)
            done = answer.json
            mine = len([r for r in records("case") if r.owner == self.network.uscc("G02")])
            self.assertEqual((done["rows"], done["rejected"]), (10, 10 - mine), answer)
            self.assertEqual({row["code"] for row in done["outcomes"]}, {"CLIENT_NOT_OWNER"})
            self.assertEqual(done["accepted"] + done["unchanged"], mine)
            if again:
                self.assertEqual(done["accepted"], 0)
            self.assertFalse(done["truncated"])
        self.assertEqual(self.found("G03", "case", "CA0001")["count"], 1)

    def test_import_again_with_its_key(self):
        """A broken-off import is sent again with its key: what was taken is taken once, under the same exchange."""
        client, native = self.client("G03"), record("CR0005").native
        first = client.import_("credit", native, "text/csv", key="again")
        self.assertEqual((first.status, first.json["accepted"]), (200, 1), first)
        again = client.import_("credit", native, "text/csv", key="again")
        self.assertEqual((again.status, again.json["accepted"], again.json["unchanged"]), (200, 0, 1), again)
        self.assertEqual(again.json["exchangeId"], first.json["exchangeId"])
        self.assertEqual(client.status(first.json["exchangeId"]).json["verb"], "import")
        other = client.import_("credit", native, "text/csv", key="again", why=purpose("other"))
        self.assertEqual((other.status, other.code), (409, "CLIENT_IDEMPOTENCY_CONFLICT"), other)

    def test_import_of_csv_and_json(self):
        answer = self.client("G11").import_("credit", whole_document("sc_credit.gb18030.csv"), "text/csv")
        self.assertEqual((answer.status, answer.json["rows"], answer.json["accepted"]), (200, 10, 1), answer)
        licences = [r for r in records("licence") if r.agency == "G13"]
        ndjson = b"".join(json.dumps(json.loads(r.native), ensure_ascii=False).encode() + b"\n" for r in licences)
        answer = self.client("G13").import_("licence", ndjson, "application/x-ndjson", why=purpose("publish", "发布"))
        self.assertEqual((answer.status, answer.json["accepted"]), (200, len(licences)), answer)

    def test_import_that_breaks_off(self):
        native = record("CR0002").native
        answer = self.client("G02").import_("credit", native + '"没有结束'.encode("gb18030"), "text/csv")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["rejected"] + (1 if "brokenOff" in answer.json else 0), 1, answer)
        self.assertEqual(self.found("G02", "credit", "CR0002")["count"], 1)  # what came before stands

    def test_import_is_streamed(self):
        """Four thousand rows in chunks."""
        header, row = record("CR0001").native.decode("gb18030").split("\r\n")[:2]
        rows = ("\r\n".join(row.replace("CR0001", f"BULK{n + part * 500}", 1) for n in range(500)) + "\r\n"
                for part in range(8))
        body = [(header + "\r\n").encode("gb18030"), *(r.encode("gb18030") for r in rows)]
        answer = self.client("G02").import_("credit", iter(body), "text/csv")
        self.assertEqual((answer.status, answer.json["rows"], answer.json["accepted"]), (200, 4000, 4000), answer)
        self.assertEqual(self.found("G02", "credit", "BULK3999")["count"], 1)


if __name__ == "__main__":
    sys.exit(unittest.main())
