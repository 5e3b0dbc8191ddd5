"""Witnesses for a Network's logs: each gateway for the other, and the auditors' own process for both."""
import re
import subprocess

from .place import BIN, until


def vkey(name, public_key, *options):
    done = subprocess.run([str(BIN / "chuanyu-audit"), "vkey", str(public_key), "--name", name, *options], capture_output=True,
                          text=True, check=True, timeout=30, stdin=subprocess.DEVNULL)
    return done.stdout.strip()


class AuditWitness:
    """chuanyu-audit witness: a process with a book of its own. Its port stays the same after the first start."""

    def __init__(self, folder, pki, logs):
        self.folder = folder / "audit-witness"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys = pki.folder / "sc/witness"
        self.logs = logs
        self.pki = pki
        self.port = 0
        self.process = None

    def start(self):
        command = [BIN / "chuanyu-audit", "witness", self.folder / "book", "--name", "audit.witness",
                   "--key", self.keys / "audit-witness-log.key", "--listen", f"127.0.0.1:{self.port}",
                   "--cert", self.keys / "audit-witness.chain.crt", "--tls-key", self.keys / "audit-witness.key",
                   "--trust", self.pki.trust, "--crl", self.pki.folder / "crl.pem"]
        for log in self.logs:
            command += ["--log", log]
        with open(self.folder / "stderr.jsonl", "ab") as errors:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=errors, text=True)
        line = self.process.stdout.readline()
        found = re.match(r"ready https=(\d+)", line)
        assert found, f"the auditors' witness did not start: {line} {(self.folder / 'stderr.jsonl').read_text()[-2000:]}"
        self.port = int(found[1])
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            code = self.process.wait(30)
            self.process.stdout.close()
            self.process = None
            return code
        return 0


class Witnesses:
    """Configures a Network that is not started yet; `quorum` as in a witness policy, over the names peer and audit."""

    def __init__(self, network, folder, quorum="group both all peer audit\nquorum both\n", **witness):
        self.network = network
        keys = network.pki.folder
        self.logs = {name: vkey(f"chuanyu.{name}/test", keys / name / "gateway" / f"{name}-log.pub") for name in ("sc", "cq")}
        self.audit = AuditWitness(folder, network.pki, list(self.logs.values())).start()
        auditor = vkey("audit.witness", keys / "sc/witness/audit-witness-log.pub", "--witness")
        self.policies = {}
        for name, peer in (("sc", "cq"), ("cq", "sc")):
            by_peer = vkey(f"{peer}.witness", keys / peer / "gateway" / f"{peer}-witness.pub", "--witness")
            policy = folder / f"{name}-witness.policy"
            policy.write_text(f"log {self.logs[name]}\n"
                              f"witness peer {by_peer} https://127.0.0.1:{network.relays[peer].port}/witness/v1\n"
                              f"witness audit {auditor} https://127.0.0.1:{self.audit.port}\n" + quorum, encoding="utf-8")
            self.policies[name] = policy
            gateway = network.gateways[name]
            gateway.config["witness"] = {"policy": str(policy), "name": f"{name}.witness", "every_ms": 50,
                                         "key": str(keys / name / "gateway" / f"{name}-witness.key"), **witness}
            for one in gateway.config["peers"]:
                one["log_origin"] = f"chuanyu.{one['id']}/"

    def state(self, name):
        """GET /v1/log/witnesses, as the gateway's auditor."""
        return self.network.client(f"{name}-auditor").request("GET", "/v1/log/witnesses").json

    def await_state(self, name, condition, what, seconds=30):
        def look():
            state = self.state(name)
            return state if condition(state) else None
        return until(look, what, seconds)

    def close(self):
        self.audit.stop()
