"""Values that code sets do not know: counted with a masked sample, seen by whose format it is, gone with the log only."""
import shutil
import sys
import unittest

from chuanyu_test import Network, purpose, record, record_codes, scratch

CASE = purpose("case-assist")
UNKNOWN = "太空执法一二三总队"


class Gaps(unittest.TestCase):
    def setUp(self):
        self.network = Network(scratch(self.addCleanup, "gaps"), hub=True)
        self.addCleanup(self.network.close)
        self.sc = self.network.sc

    def client(self, name):
        client = self.network.client(name)
        self.addCleanup(client.close)
        return client

    def gaps(self, name):
        answer = self.client(name).request("GET", "/v1/gaps")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["gaps"]

    def test_counted_for_taken_and_refused(self):
        own, client = record("CA0001"), self.client("G02")
        text = own.native.decode("gb18030")
        odd = text.replace("<执法领域>食品药品<", f"<执法领域>{UNKNOWN}<")
        self.assertNotEqual(odd, text)
        for name, body in (("one", odd), ("two", odd), ("three", text.replace("<案件状态>已结案<", "<案件状态>9137462<"))):
            client.put("case", own.id, body.encode("gb18030"), own.media, key=name)
        pushed = client.push_native(self.network.uscc("G03"), "case", odd.encode("gb18030"), own.media, CASE)
        self.assertEqual(pushed.status, 202, pushed)
        bulk = client.import_("case", odd.encode("gb18030"), own.media)
        self.assertEqual(bulk.status, 200, bulk)

        found = {row["codeSet"]: row for row in self.gaps("sc-operator")}
        self.assertEqual(sorted(found), ["sc.case_state", "sc.domain"])
        self.assertEqual((found["sc.domain"]["profile"], found["sc.domain"]["sample"]), ("sc.case.v1", "太空…（9 字）"))
        self.assertEqual(found["sc.case_state"]["sample"], "99…（7 字）")
        self.assertEqual((found["sc.domain"]["count"], found["sc.case_state"]["count"]), (3, 1))
        self.assertEqual(self.gaps("sc-auditor"), self.gaps("G02"))
        self.assertEqual(self.gaps("G07"), [], "another province's format")
        self.assertGreaterEqual(self.sc.metric("chuanyu_code_gaps_total", profile="sc.case.v1", set="sc.domain"), 3)
        self.assertNotIn("太空", self.sc.admin("/metrics")[1])

        said = self.sc.cli("G02", "gaps")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("太空…（9 字）", said.stdout)
        before = self.gaps("sc-auditor")
        self.assertEqual(self.sc.stop(), 0)
        for path in self.sc.data.rglob("*"):
            if path.is_file():
                held = path.read_bytes()
                self.assertNotIn(UNKNOWN.encode("utf-8"), held, path)
                self.assertNotIn(UNKNOWN.encode("gb18030"), held, path)
        shutil.rmtree(self.sc.data / "state")
        self.sc.start()
        self.assertEqual(self.gaps("sc-auditor"), before, "a projection of the log")


def tearDownModule():
    record_codes("gaps")


if __name__ == "__main__":
    sys.exit(unittest.main())
