"""What a gateway refuses to start with, and what it does when it can no longer write: it says why, and damages nothing."""
import json
import os
import shutil
import subprocess
import sys
import unittest

from chuanyu_test import BIN, Network, message, purpose, record, record_codes, scratch, until


class Startup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = Network(scratch(cls.addClassCleanup, "startup"), started=False)
        cls.addClassCleanup(cls.network.close)
        cls.sc = cls.network.sc
        cls.sc.start()
        cls.own = record("CA0001")
        assert cls.network.client("G02").publish(cls.own).status == 201
        assert cls.sc.stop() == 0

    def tearDown(self):
        """Whatever was tried, the gateway starts as before and has its records."""
        self.sc.kill()
        self.sc.start()
        client = self.network.client("G03")
        self.assertEqual(client.query("case", {"id": self.own.id}, purpose("case-assist")).json["count"], 1)
        client.close()
        self.assertEqual(self.sc.stop(), 0)

    def refused(self, config, *codes, exit_code=1):
        """A start with this configuration ends at once, with these codes on stderr."""
        path = self.sc.folder / "wrong.json"
        path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
        done = subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(path)], capture_output=True, text=True, timeout=60,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        for code in codes:
            self.assertIn(code, done.stderr)
        self.assertNotIn("ready", done.stdout)
        return done.stderr

    def changed(self, **groups):
        config = json.loads(json.dumps(self.sc.config))
        for group, values in groups.items():
            if isinstance(values, dict):
                config[group].update(values)
            else:
                config[group] = values
        return config

    def other(self, name, province="cq"):
        return str(self.network.pki.folder / province / "gateway" / name)

    def test_a_gateway_that_the_directory_does_not_know(self):
        said = self.refused(self.changed(gateway={"id": "nn"}), "CONFIG_VALUE")
        self.assertIn("/gateway/id", said)
        self.assertIn("nn", said)

    def test_data_in_use(self):
        self.sc.start()
        self.refused(self.sc.config, "LOCAL_IN_USE")
        self.assertTrue(self.sc.running())

    def test_another_key_encryption_key(self):
        self.refused(self.changed(keys={"kek": self.other("cq-kek.key")}), "LOCAL_CRYPTO")

    def test_another_log_key(self):
        self.refused(self.changed(keys={"log_key": self.other("cq-log.key")}), "LOG_SIGNATURE")

    def test_a_key_that_others_may_read(self):
        copy = self.sc.folder / "open.key"
        shutil.copy(self.sc.config["keys"]["log_key"], copy)
        os.chmod(copy, 0o644)
        self.refused(self.changed(keys={"log_key": str(copy)}), "open.key", exit_code=2)

    def test_a_tls_key_of_another_type(self):
        """OpenSSL takes it without a word; the check of the configuration and the start do not."""
        key = self.sc.folder / "rsa.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], capture_output=True, check=True)
        key.chmod(0o600)
        config = self.changed(tls={"key": str(key)})
        self.refused(config, "LOCAL_KEY_FILE")
        path = self.sc.folder / "wrong.json"
        done = subprocess.run([str(BIN / "chuanyu-gateway"), "--config", str(path), "--check-config"], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("LOCAL_KEY_FILE", done.stderr)

    def test_a_cut_copy_of_the_log(self):
        """Pages that are gone would be a signal to who maps the file; the auditor says that something is missing."""
        copy = self.sc.folder / "copy"
        shutil.copytree(self.sc.folder / "data", copy)
        self.addCleanup(shutil.rmtree, copy)
        with open(copy / "log" / "data.mdb", "r+b") as file:
            file.truncate(12 * 1024)
        done = subprocess.run([str(BIN / "chuanyu-audit"), "verify", str(copy)], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("LOG_INCOMPLETE", done.stdout)

    def test_the_port_is_taken(self):
        self.sc.start()
        taken = self.changed(listen={"port": self.sc.port}, data=str(self.sc.folder / "elsewhere"))
        self.refused(taken, "CONFIG_VALUE", str(self.sc.port))

    def test_every_error_at_once(self):
        config = self.changed(listen={"port": 70000}, colour="red", log_level="loud", directory="nowhere.json")
        said = self.refused(config, exit_code=2)
        for place in ("/listen/port", "/colour", "/log_level", "/directory"):
            self.assertIn(place, said)
        self.refused("{", "CONFIG_SYNTAX", exit_code=2)
        check = subprocess.run([str(BIN / "chuanyu-gateway"), "--check-config", "--config", str(self.sc.folder / "config.json")],
                               capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertIn("配置正确", check.stdout)

    def test_bad_policy_and_directory(self):
        bad = self.sc.folder / "bad.json"
        bad.write_text('{"version": "x", "rules": [{"id": "a"}], "more": 1}', encoding="utf-8")
        for group in ("policy", "directory"):
            said = self.refused(self.changed(**{group: str(bad)}))
            self.assertIn("bad.json", said)

    def test_no_state(self):
        """The log is the truth: without a state it is made anew."""
        shutil.rmtree(self.sc.data / "state")

    def test_state_of_another_time(self):
        """An older state beside a newer log catches up."""
        old = self.sc.folder / "old-state"
        shutil.copytree(self.sc.data / "state", old)
        self.sc.start()
        client = self.network.client("G02")
        changed = self.own.native.replace(b"CA0001", b"CA9100")
        self.assertIn(client.put("case", "CA9100", changed, self.own.media).status, (200, 201))
        self.assertEqual(self.sc.stop(), 0)
        shutil.rmtree(self.sc.data / "state")
        shutil.move(old, self.sc.data / "state")
        self.sc.start()
        self.assertEqual(self.network.client("G03").query("case", {"id": "CA9100"}, purpose("case-assist")).json["count"], 1)


class Disk(unittest.TestCase):
    def test_nearly_full(self):
        """Beyond the configured share of the disk nothing new is taken; what is there can be read; nobody is cut off."""
        network = Network(scratch(self.addCleanup, "disk"), started=False)
        self.addCleanup(network.close)
        sc = network.sc.start()
        client, own = network.client("G02"), record("CA0001")
        self.assertEqual(client.publish(own).status, 201)
        self.assertEqual(sc.stop(), 0)
        sc.config["disk"] = {"refuse_percent": 1}
        sc.start()
        answer = client.publish(own)
        self.assertEqual((answer.status, answer.code), (503, "LOCAL_DISK_FULL"), answer)
        self.assertTrue(int(answer.headers["retry-after"]) >= 1)
        letter = client.push(network.uscc("G03"), "clue-transfer", purpose("clue-transfer"), message=message("clue-transfer"))
        self.assertEqual(letter.code, "LOCAL_DISK_FULL", letter)
        self.assertEqual(client.request("GET", "/v1/whoami").status, 200)
        self.assertEqual(client.inbox().status, 200)
        self.assertEqual(sc.stop(), 0)
        sc.config["disk"] = {"refuse_percent": 99}
        sc.start()
        until(lambda: client.publish(own).status == 200, "room again")


def tearDownModule():
    record_codes("startup")


if __name__ == "__main__":
    sys.exit(unittest.main())
