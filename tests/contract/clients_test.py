"""curl, Python, Node and Java, as an agency's programmer would use them: one PUT and one query each over mutual TLS."""
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

from chuanyu_test import Network, purpose, record, scratch

HERE = pathlib.Path(__file__).resolve().parent / "clients"
CASE = purpose("case-assist")


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch(cls.addClassCleanup, "clients")
        cls.network = Network(cls.folder, started=False)
        cls.addClassCleanup(cls.network.close)
        cls.port = str(cls.network.cq.start().port)
        cls.chain, cls.key = cls.network.pki.files("G07")
        cls.own = record("CA0006")

    def native(self, id):  # pylint: disable=redefined-builtin
        path = self.folder / f"{id}.json"
        path.write_bytes(self.own.native.replace(self.own.id.encode(), id.encode()))
        return path

    def run_program(self, *command, timeout=120):
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is not installed")
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return done.stdout

    def test_python(self):
        client = self.network.client("G07")
        self.addCleanup(client.close)
        self.assertEqual(client.put("case", "PY1", self.native("PY1").read_bytes(), "application/json").status, 201)
        answer = client.query("case", {"id": "PY1"}, CASE)
        self.assertEqual((answer.status, answer.json["count"]), (200, 1))

    def test_curl(self):
        curl = ("curl", "-sS", "--fail-with-body", "--max-time", "30", "--tlsv1.3", "--cert", self.chain, "--key", self.key,
                "--cacert", self.network.pki.trust)
        base = f"https://127.0.0.1:{self.port}"
        put = self.run_program(*curl, "-X", "PUT", "--data-binary", f"@{self.native('CU1')}", "-H", "Content-Type: application/json",
                               "-H", "Idempotency-Key: curl-1", "-H", "Chuanyu-Matter: publish", "-H", "Chuanyu-Basis: %E4%BE%9D%E6%8D%AE",
                               "-H", "Chuanyu-Grant: CY-1", "-H", "Chuanyu-Operator: op-1", f"{base}/v1/records/case/CU1")
        self.assertEqual(json.loads(put)["receipt"]["level"], "durable")
        ask = json.dumps({"kind": "case", "subject": {"id": "CU1"}, "purpose": CASE}, ensure_ascii=False)
        answer = json.loads(self.run_program(*curl, "--json", ask, "-H", "Idempotency-Key: curl-2", f"{base}/v1/queries"))
        self.assertEqual(answer["count"], 1)

    def test_node(self):
        said = self.run_program("node", HERE / "client.js", self.port, self.chain, self.key, self.network.pki.trust,
                                self.native("NO1"), "NO1", "application/json")
        self.assertEqual(said.split(), ["201", "200", "1"])

    def test_java(self):
        store = self.folder / "G07.p12"
        self.run_program("openssl", "pkcs12", "-export", "-in", self.chain, "-inkey", self.key, "-out", store, "-passout",
                         "pass:changeit", "-name", "agency")
        said = self.run_program("java", "-Xshare:auto", HERE / "Client.java", self.port, store, "changeit", self.network.pki.trust,
                                self.native("JA1"), "JA1", "application/json")
        self.assertEqual(said.split(), ["201", "200", "1"])


if __name__ == "__main__":
    sys.exit(unittest.main())
