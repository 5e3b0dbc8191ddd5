"""The SM profile (国密): a network that changes to it in the middle, and what others find in its logs."""
import base64
import json
import subprocess
import sys
import unittest

from chuanyu_test import BIN, Network, purpose, record, record_codes, scratch

CASE = purpose("case-assist")


def audit(*words):
    return subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


def der(signature):
    """r ‖ s as the SEQUENCE of two INTEGERs that openssl wants."""
    def integer(half):
        value = half.lstrip(b"\0") or b"\0"
        value = (b"\0" if value[0] & 0x80 else b"") + value
        return b"\x02" + bytes([len(value)]) + value
    both = integer(signature[:32]) + integer(signature[32:])
    return b"\x30" + bytes([len(both)]) + both


class SmProfile(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "sm")
        self.network = Network(self.folder)
        self.addCleanup(self.network.close)
        self.both = [self.network.sc, self.network.gateways["cq"]]

    def key(self, gateway, name, ending="pub"):
        return self.network.pki.folder / gateway.name / "gateway" / f"{gateway.name}-{name}.{ending}"

    def push(self, wanted):
        sender, receiver = self.network.client("G02"), self.network.client("G07")
        self.addCleanup(sender.close)
        self.addCleanup(receiver.close)
        own = record(wanted)
        answer = sender.push_native(self.network.uscc("G07"), "case", own.native, own.media, CASE)
        self.assertEqual(answer.status, 202, answer)
        receiver.await_item(answer.exchange)
        sender.await_status(answer.exchange, "delivered")
        fetched = sender.request("GET", f"/v1/exchanges/{answer.exchange}:receipt", headers={"Chuanyu-Ack": "signed"})
        self.assertEqual(fetched.status, 200, fetched)
        return answer.exchange, fetched.body

    def change_profile(self):
        for gateway in self.both:
            self.assertEqual(gateway.stop(), 0)
        for gateway in self.both:
            gateway.config["keys"]["sm2_log_key"] = str(self.key(gateway, "log-sm2", "key"))
            gateway.config["crypto"] = {"profile": "sm"}
        self.network.start()

    def verify(self, *more):
        words = ["verify", "--both", *(gateway.data for gateway in self.both)]
        for gateway in self.both:
            words += ["--key", self.key(gateway, "log")]
        return audit(*words, *more)

    def openssl_verifies(self, gateway, text, signature):
        (self.folder / "text").write_bytes(text)
        (self.folder / "signature").write_bytes(der(signature))
        done = subprocess.run(["openssl", "dgst", "-sm3", "-verify", str(self.key(gateway, "log-sm2")), "-sigopt",
                               "distid:1234567812345678", "-signature", str(self.folder / "signature"), str(self.folder / "text")],
                              capture_output=True, check=False)
        return done.returncode == 0

    def test_a_network_changes_to_it(self):
        before, _ = self.push("CA0001")
        self.change_profile()
        after, receipt = self.push("CA0002")

        # A receipt says what it said before; its checkpoint has the second line, and openssl agrees with it.
        kept = self.folder / "kept.tlog-proof"
        kept.write_bytes(receipt)
        self.assertEqual(audit("receipt", kept, "--key", self.key(self.network.sc, "log")).returncode, 0)
        note = receipt.decode().split("\n\n", 1)[1]
        text, lines = note.split("\n\n", 1)
        signatures = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines()]
        self.assertEqual([len(signature) for signature in signatures], [4 + 64, 4 + 64])
        self.assertTrue(self.openssl_verifies(self.network.sc, text.encode() + b"\n", signatures[1][4:]))
        self.assertFalse(self.openssl_verifies(self.network.sc, text.encode(), signatures[1][4:]))

        for gateway in self.both:
            self.assertEqual(gateway.stop(), 0)
        keys = [self.key(gateway, "log-sm2") for gateway in self.both]
        done = self.verify("--sm2-key", keys[0], "--sm2-key", keys[1], "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for log in json.loads(done.stdout)["logs"]:
            self.assertEqual((log["sm2SignedSize"], log["sm3Size"]), (log["size"], log["size"]))
        self.assertEqual(self.verify().returncode, 0)
        swapped = self.verify("--sm2-key", keys[1], "--sm2-key", keys[0])
        self.assertEqual(swapped.returncode, 3, swapped.stdout)
        self.assertIn("LOG_SIGNATURE", swapped.stdout)

        # What was sealed before and after opens with the same key-encryption key.
        sc = self.network.sc
        for exchange, wanted in ((before, "CA0001"), (after, "CA0002")):
            shown = audit("show", sc.data, "--exchange", exchange, "--kek", self.key(sc, "kek", "key"), "--reveal")
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertIn(wanted, shown.stdout)


def tearDownModule():
    record_codes("sm")


if __name__ == "__main__":
    sys.exit(unittest.main())
