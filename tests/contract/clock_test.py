"""The clock of a running gateway jumps, a day forward and then two days back, while exchanges go on. What is so:

- Nothing is lost, nothing comes twice, and the order is that of the log: numbers, streams and inboxes do not ask the clock. Exchange ids
  go on growing as long as the process lives.
- Entries say the time that the clock said. `verify` counts those that are before their predecessor and tells the reader; it is no
  finding. `replay` and `rederive` come out the same.
- Nobody is late because a clock was set: no push is refused, the grace period of the witnesses is not over.
- A push expires by the clock of its sender's gateway, for good: turning the clock back revives nothing. The receiver's gateway does not
  ask whether a push has expired, but it does ask of a query: a gateway that is more than a week behind is refused with PEER_EXPIRED.
"""
import datetime
import json
import subprocess
import sys
import threading
import time
import unittest

from chuanyu_test import BIN, Network, Witnesses, message, purpose, record, record_codes, scratch, until

CLUE = purpose("clue-transfer")
CASE = purpose("case-assist")
HOUR, DAY = 3600, 86400


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def hours_from_now(hours):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def audit(*words):
    return subprocess.run([str(BIN / "chuanyu-audit"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL)


class Clock(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup, "clock")
        self.network = Network(self.folder, started=False, config={"log": {"shard": "never"}})
        self.addCleanup(self.network.close)
        self.sc, self.cq = self.network.sc, self.network.cq
        self.sc.movable_clock()
        self.sender, self.receiver = self.network.client("G03"), self.network.client("G07")

    def clue(self, key=None, **more):
        return self.sender.push(self.network.uscc("G07"), "clue-transfer", CLUE, key, message=message("clue-transfer"), **more)

    def stop(self):
        self.assertEqual((self.sc.stop(), self.cq.stop()), (0, 0))

    def inbox(self):
        return [item["id"] for item in self.receiver.inbox_all()]


class WhilePushesGoOn(Clock):
    def setUp(self):
        super().setUp()
        self.witnesses = Witnesses(self.network, self.folder)
        self.addCleanup(self.witnesses.close)
        self.network.start()
        self.receipts = []
        self.done = threading.Event()

    def push_on(self):
        while not self.done.is_set():
            key = f"clue-{len(self.receipts)}"
            answer = self.clue(key)
            if answer.status != 202:
                self.receipts.append(answer)  # shows in what is compared with it
                return
            self.receipts.append(answer.json["receipt"])

    def jump(self, seconds, more=15):
        """The clock is off by that from now on, and some pushes are begun and answered after it."""
        self.sc.shift_clock(seconds)
        wanted = len(self.receipts) + more + 1
        until(lambda: len(self.receipts) >= wanted or not self.pusher.is_alive(), "pushes go on", 60)
        self.assertTrue(self.pusher.is_alive(), self.receipts[-1])

    def pushing(self):
        self.done.clear()
        self.pusher = threading.Thread(target=self.push_on, daemon=True)
        self.pusher.start()

    def rest(self):
        self.done.set()
        self.pusher.join(60)
        self.assertFalse(self.pusher.is_alive())

    def test_nothing_is_lost_and_the_order_stays(self):
        self.pushing()
        for seconds in (0, DAY, -DAY):
            self.jump(seconds)
        self.rest()
        ids = [receipt["exchangeId"] for receipt in self.receipts]
        self.assertEqual(ids, sorted(ids))
        # A start whose log is two days ahead in places, and a clock that is set right again.
        self.assertEqual(self.sc.stop(), 0)
        self.sc.start()
        self.pushing()
        self.jump(-DAY)
        self.jump(0)
        self.rest()

        off = [round((instant(receipt["time"]) - time.time()) / DAY) for receipt in self.receipts]
        self.assertEqual(sorted(set(off)), [-1, 0, 1])
        numbers = [receipt["index"] for receipt in self.receipts]
        self.assertEqual(numbers, sorted(set(numbers)))
        sent = [receipt["exchangeId"] for receipt in self.receipts]
        self.sender.await_status(sent[-1], "delivered")
        self.receiver.await_item(sent[-1])
        self.assertEqual(self.inbox(), sent)
        for exchange in sent:
            self.assertEqual(self.sender.status(exchange).json["status"], "delivered")
        for name in ("sc", "cq"):
            self.witnesses.await_state(name, lambda s: s["witnessed"] == s["signed"] > 0 and "held" not in s, f"{name} is witnessed")
        self.stop()
        self.judged()

    def judged(self):
        """By the auditor: clean, and told."""
        words = ["verify", "--both", self.sc.data, self.cq.data]
        for name in ("sc", "cq"):
            words += ["--policy", self.witnesses.policies[name]]
        done = audit(*words, "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        verification = json.loads(done.stdout)
        self.assertEqual([f for log in verification["logs"] + verification["pairs"] for f in log["findings"]], [])
        self.assertGreaterEqual(verification["logs"][0]["clockStepsBack"], 1)
        self.assertIn("条的时间早于前一条", audit(*words).stdout)
        kek = self.network.pki.folder / "sc/gateway/sc-kek.key"
        replayed = audit("replay", self.sc.data, "--kek", kek, "--json")
        self.assertEqual((replayed.returncode, json.loads(replayed.stdout)["sameAsLive"]), (0, True), replayed.stdout)
        rederived = audit("rederive", self.sc.data, "--kek", kek)
        self.assertEqual(rederived.returncode, 0, rederived.stdout)


class Expiry(Clock):
    def setUp(self):
        super().setUp()
        self.network.start()

    def accepted(self, **more):
        answer = self.clue(**more)
        self.assertEqual(answer.status, 202, answer)
        return answer.exchange

    def status(self, exchange):
        return self.sender.status(exchange).json["status"]

    def test_a_push_expires_by_its_senders_clock_and_for_good(self):
        relay = self.network.relays["cq"]
        relay.shut = True
        relay.break_all()
        brief, patient = self.accepted(expiresAt=hours_from_now(1)), self.accepted()
        self.sc.shift_clock(DAY)
        self.sender.await_status(brief, "expired")
        self.assertEqual(self.status(patient), "accepted")
        # An agency whose clock is right gives an hour; by the gateway's that is yesterday.
        told = self.clue(expiresAt=hours_from_now(1))
        self.assertEqual((told.status, told.code, told.json["pointer"]), (422, "CLIENT_FIELD_INVALID", "/expiresAt"), told)
        tomorrow = self.accepted(expiresAt=hours_from_now(25))
        self.sc.shift_clock(-DAY)
        late = self.accepted(expiresAt=hours_from_now(-1))  # over for everybody but this gateway
        relay.shut = False
        for exchange in (patient, tomorrow, late):
            self.sender.await_status(exchange, "delivered")
        self.assertEqual(self.status(brief), "expired")
        self.assertEqual(self.inbox(), [patient, tomorrow, late])

    def test_a_query_from_a_week_ago_is_not_answered(self):
        own = record("CA0007")
        self.assertEqual((own.home, self.network.client(own.agency).publish(own).status), ("cq", 201))
        for days, status, why in ((1, 200, None), (-1, 200, None), (-8, 502, "PEER_EXPIRED"), (0, 200, None)):
            self.sc.shift_clock(days * DAY)
            answer = self.sender.query("case", {"id": own.id}, CASE, gateway="cq", waitSeconds=20)
            self.assertEqual((answer.status, answer.json.get("peerCode")), (status, why), (days, answer))
        self.stop()


def tearDownModule():
    record_codes("clock")


if __name__ == "__main__":
    sys.exit(unittest.main())
