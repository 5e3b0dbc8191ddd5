"""One chuanyu-gateway process on free ports."""
import json
import os
import re
import signal
import struct
import subprocess
import threading
import urllib.request

from .place import BIN, SOURCE, until

OPERATORS = json.loads((SOURCE / "certs/organisations.json").read_text(encoding="utf-8"))


class Gateway:
    """start() and restart() keep the data folder; ports change, `port` and `admin_port` say the present ones."""

    def __init__(self, name, folder, pki, peers=None, config=None):
        self.name = name
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pki = pki
        self.policy = self.folder / "policy.json"
        self.policy.write_bytes((SOURCE / "deploy/config/policy.demo.json").read_bytes())
        self.process = None
        self.port = self.admin_port = None
        self.environment = {}
        self._lines = []
        self._lock = threading.Lock()
        self.stderr = self.folder / "stderr.jsonl"
        self.config = self._config(peers or {})
        for path, value in (config or {}).items():
            group, _, key = path.partition(".")
            if key:
                self.config.setdefault(group, {})[key] = value
            else:
                self.config[group] = value

    def _config(self, peers):
        operator = OPERATORS[self.name]["operator"]
        keys = self.pki.folder / self.name / "gateway"
        return {
            "gateway": {"id": self.name, "uscc": operator["uscc"], "name": operator["name"], "region": operator["region"],
                        "origin": f"chuanyu.{self.name}/test"},
            "data": str(self.folder / "data"),
            "listen": {"address": "127.0.0.1", "port": 0, "admin_address": "127.0.0.1", "admin_port": 0},
            "tls": {"certificate": str(keys / f"{self.name}-gw.chain.crt"), "key": str(keys / f"{self.name}-gw.key"),
                    "trust": self.pki.trust, "crl": str(self.pki.folder / "crl.pem")},
            "keys": {"log_key": str(keys / f"{self.name}-log.key"), "kek": str(keys / f"{self.name}-kek.key")},
            "directory": str(self.pki.directory), "policy": str(self.policy), "adapters": str(SOURCE / "adapters"),
            "disk": {"refuse_percent": 99, "ballast_mb": 0},
            "peers": [{"id": peer, "url": f"https://127.0.0.1:{port}", "retry_min_ms": 20, "retry_max_ms": 200,
                       "log_key": str(self.pki.folder / peer / "gateway" / f"{peer}-log.pub")}
                      for peer, port in peers.items()],
        }

    def cli(self, name, *arguments):
        """Runs `chuanyu` at this gateway as somebody of the PKI."""
        cert, key = self.pki.files(name)
        profile = self.folder / f"{name}.json"
        profile.write_text(json.dumps({"url": f"https://localhost:{self.port}", "cert": str(cert), "key": str(key),
                                       "trust": self.pki.trust, "crl": str(self.pki.folder / "crl.pem")}))
        return subprocess.run([str(BIN / "chuanyu"), "--as", str(profile), *arguments], capture_output=True, text=True,
                              check=False, timeout=60)

    @property
    def data(self):
        return self.folder / "data"

    def spawn(self):
        """The process, without waiting for it to be ready."""
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config, ensure_ascii=False, indent=1), encoding="utf-8")
        with open(self.stderr, "ab") as errors:
            self.process = subprocess.Popen([str(BIN / "chuanyu-gateway"), "--config", str(path)], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **self.environment})
        return self

    def start(self, seconds=60):
        self.spawn()
        said = []
        reader = threading.Thread(target=lambda: said.append(self.process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(seconds)
        ready = re.match(r"ready https=(\d+) admin=(\d+)", said[0] if said else "")
        if not ready:
            self.kill()
            raise AssertionError(f"gateway {self.name} did not become ready: {said} {self.tail()}")
        self.port, self.admin_port = int(ready[1]), int(ready[2])
        return self

    def years_ago(self, years):
        """From the next start on its clock, and so its log, is that far back; 0: no more."""
        self.environment = self._shim(CHUANYU_TEST_CLOCK_SHIFT=str(-years * 365 * 86400)) if years else {}

    def movable_clock(self):
        """From the next start on shift_clock() moves its clock, while it runs or rests."""
        self.shift_clock(0)
        self.environment = self._shim(CHUANYU_TEST_CLOCK_FILE=str(self.folder / "clock"))

    def shift_clock(self, seconds):
        with open(self.folder / "clock", "r+b" if (self.folder / "clock").exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))  # in place: the process has the file mapped

    @staticmethod
    def _shim(**settings):
        """The environment that preloads tests/support/clock_shim.cpp."""
        shim = BIN / "chuanyu_clock_shim.so"
        if not shim.exists():  # the loader would go on without it, and the clock with it
            raise FileNotFoundError(shim)
        preload = ":".join(filter(None, [str(shim), os.environ.get("LD_PRELOAD", "")]))
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS", ""), "verify_asan_link_order=0"]))
        return {"LD_PRELOAD": preload, "ASAN_OPTIONS": asan, **settings}

    def command(self, *words):
        """chuanyu-gateway on this gateway's configuration, for the commands that end by themselves."""
        path = self.folder / "config.json"
        path.write_text(json.dumps(self.config, ensure_ascii=False, indent=1), encoding="utf-8")
        return subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(path), *map(str, words)], capture_output=True, text=True,
                              check=False, timeout=120, stdin=subprocess.DEVNULL)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9 and nothing else."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def stop(self, seconds=45):
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            tail = self.tail()
            self.kill()
            raise AssertionError(f"gateway {self.name} did not end within {seconds} s of SIGTERM: {tail}") from None
        self.process.stdout.close()
        self.process = None
        return code

    def reload(self):
        """SIGHUP, and waits until it is done; the error lines of the reload."""
        before = len(self.events("reload.done"))
        refused = len(self.events("reload.refused"))
        self.process.send_signal(signal.SIGHUP)
        until(lambda: len(self.events("reload.done")) > before, f"reload of {self.name}")
        return self.events("reload.refused")[refused:]

    def log(self):
        """Every line of the structured log so far."""
        with self._lock:
            text = self.stderr.read_text(encoding="utf-8", errors="replace")
        found = []
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # the last line may be half written; what else is no JSON is no event
        return found

    def events(self, event, **fields):
        return [row for row in self.log() if row.get("event") == event and all(row.get(k) == v for k, v in fields.items())]

    def tail(self, lines=15):
        return "\n".join(self.stderr.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def admin(self, path):
        """(status, body) of the admin listener."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode("utf-8")
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode("utf-8")

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels; 0 when there is none."""
        total = 0.0
        for line in self.admin("/metrics")[1].splitlines():
            found = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name and all(f'{k}="{v}"' in (found[2] or "") for k, v in labels.items()):
                total += float(found[3])
        return total
