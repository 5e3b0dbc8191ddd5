"""What the fault tests share: pushes whose fate is known, and the checks afterwards."""
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import uuid

from chuanyu_test import BIN, message, purpose, until

CLUE = purpose("clue-transfer")
LETTER = message("clue-transfer")


def seed():
    """From CHUANYU_SEED or fresh; printed, so that a failure can be repeated."""
    value = int(os.environ.get("CHUANYU_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"CHUANYU_SEED={value}", file=sys.stderr)
    return value


class _Agency:
    """One agency that does its work() in a thread of its own."""

    def __init__(self, network, name):
        self.network, self.name = network, name
        self.failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def ended(self):
        return not self._thread.is_alive()

    def join(self, seconds):
        """Waits for the end of the work; raises why it failed."""
        self._thread.join(seconds)
        if self.failure or not self.ended():
            raise self.failure or AssertionError(f"{self.name} is still at it")

    def _run(self):
        client = self.network.client(self.name)
        try:
            self.work(client)
        except BaseException as why:  # pylint: disable=broad-except
            self.failure = why
        finally:
            client.close()


class Pusher(_Agency):
    """Sends `count` letters to another agency, in order, each until it is accepted."""

    def __init__(self, network, sender, receiver, count):
        super().__init__(network, sender)
        self.sender, self.receiver, self.count = sender, receiver, count
        self.accepted = {}  # letter number -> exchange id

    def work(self, client):
        to = self.network.uscc(self.receiver)
        for n in range(self.count):
            number, key = f"{self.sender}-{n}", str(uuid.uuid4())
            body = {**LETTER, "letterNo": number}
            answer = client.persist(lambda: client.push(to, "clue-transfer", CLUE, key=key, message=body))  # noqa: B023
            if answer.status != 202:
                raise AssertionError(f"{number}: {answer}")
            self.accepted[number] = answer.exchange


class Taker(_Agency):
    """Takes everything out of the agency's inbox, each item until its acknowledgement is answered."""

    def work(self, client):
        while True:
            items = client.persist(lambda: client.inbox(limit=50)).json["items"]
            if not items:
                return
            for item in items:
                answer = client.persist(lambda: client.ack(item["id"]))  # noqa: B023
                if answer.status != 200:
                    raise AssertionError(f"{item['id']}: {answer}")


def check_taken(case, network, pushers):
    """Every inbox is empty, and every sender knows that all of it was taken."""
    for name in sorted({p.receiver for p in pushers}):
        client = network.client(name)
        case.assertEqual(client.inbox_all(), [])
        client.close()
    for pusher in pushers:
        client = network.client(pusher.sender)
        for exchange in pusher.accepted.values():
            client.await_status(exchange, "acknowledged")
        client.close()


def check_delivered(case, network, pushers, seconds=60):
    """Every accepted letter lies once in its receiver's inbox, in the order of sending, and nothing else does."""
    for pusher in pushers:
        case.assertEqual(len(pusher.accepted), pusher.count)
    for receiver in sorted({p.receiver for p in pushers}):
        client = network.client(receiver)
        wanted = {number: exchange for p in pushers if p.receiver == receiver for number, exchange in p.accepted.items()}
        until(lambda: len(client.inbox_all()) >= len(wanted), f"{len(wanted)} letters for {receiver}", seconds)  # noqa: B023
        items = client.inbox_all()
        case.assertEqual(len(items), len(wanted), "doubled or lost")
        case.assertEqual({item["message"]["letterNo"]: item["id"] for item in items}, wanted)
        for pusher in (p for p in pushers if p.receiver == receiver):
            order = [i["message"]["letterNo"] for i in items if i["message"]["letterNo"].startswith(pusher.sender + "-")]
            case.assertEqual(order, [f"{pusher.sender}-{n}" for n in range(pusher.count)])
        client.close()
    for pusher in pushers:
        client = network.client(pusher.sender)
        for number in (f"{pusher.sender}-0", f"{pusher.sender}-{pusher.count - 1}"):
            client.await_status(pusher.accepted[number], "delivered")
        client.close()


def everything(network, pushers):
    """What the outside can see of the state: inboxes and statuses."""
    seen = {}
    for name in sorted({p.receiver for p in pushers}):
        client = network.client(name)
        seen[name] = client.inbox_all()
        client.close()
    for pusher in pushers:
        client = network.client(pusher.sender)
        for number, exchange in pusher.accepted.items():
            seen[number] = client.status(exchange).json
        client.close()
    return seen


def audit(case, network):
    """Both logs verify offline, and each against the other: what one sent the other has, and every receipt is for it. The
    gateways must be stopped."""
    gateways = network.gateways.values()
    command = [str(BIN / "chuanyu-audit"), "verify", *(str(gateway.data) for gateway in gateways), "--json"]
    for gateway in gateways:
        command += ["--key", str(network.pki.folder / gateway.name / "gateway" / f"{gateway.name}-log.pub")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    case.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}{done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    print(f"chuanyu-audit: {report['result']}, entries {[log['size'] for log in report['logs']]}", file=sys.stderr)


def rebuild_state(case, network, pushers):
    """The state is a projection: deleted and rebuilt from the log, everything reads as before."""
    before = everything(network, pushers)
    for gateway in network.gateways.values():
        case.assertEqual(gateway.stop(), 0, gateway.tail())
    command = [str(BIN / "chuanyu-gateway"), "--rebuild-state", "--config", str(network.sc.folder / "config.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    case.assertEqual(done.returncode, 0, done.stderr)
    shutil.rmtree(network.cq.data / "state")  # the start makes it anew
    network.start()
    case.assertEqual(everything(network, pushers), before)
