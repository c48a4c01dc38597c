#!/usr/bin/env python3
"""`hinomi scan` as people use it: every kind of input, good and bad, and what it answers."""
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import HINOMI

# One listed host, one quiet line: Squid's native format.
BAD = "1780272000.000    120 10.1.2.3 TCP_MISS/200 512 GET http://www.bad.example/x - HIER_DIRECT/203.0.113.9 text/html\n"
QUIET = "1780272001.000    120 10.1.2.4 TCP_MISS/200 512 GET http://quiet.example/ - HIER_DIRECT/203.0.113.10 text/html\n"

MEMBERS = {"id", "time", "first_seen", "last_seen", "count", "institution", "source", "detector",
           "rule", "severity", "attack", "entity", "fields", "lines", "advice"}


class Scan(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-scan-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.list = self.write("list.txt", "bad.example\n")

    def write(self, name, data):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def run_scan(self, *args, stdin=b"", language="en_US.UTF-8", timeout=60):
        env = dict(os.environ, LC_ALL=language, NO_COLOR="1")
        return subprocess.run([HINOMI, "scan", *map(str, args)], input=stdin, env=env,
                              capture_output=True, timeout=timeout, check=False)

    def alerts(self, *args, code=None, **kwargs):
        """The alerts of one run with the list loaded, and the run itself."""
        run = self.run_scan("--json", "--no-rules", "--indicators", self.list, *args, **kwargs)
        found = [json.loads(line) for line in run.stdout.decode().splitlines()]
        self.assertEqual(run.returncode, (1 if found else 0) if code is None else code,
                         run.stderr.decode())
        return found, run

    def sentence(self, run, *words):
        """One clear sentence on stderr that holds these words, and no trace of a crash."""
        text = run.stderr.decode()
        self.assertIn("hinomi", text)
        for word in words:
            self.assertIn(word, text)
        self.assertGreaterEqual(run.returncode, 0, "killed by a signal")

    def check_found_one(self, found):
        self.assertEqual([a["rule"]["id"] for a in found], ["indicator:domain:bad.example"])
        self.assertEqual(found[0]["count"], 1)

    # ---- what it reads ----

    def test_a_plain_file(self):
        found, _ = self.alerts(self.write("access.log", QUIET + BAD + QUIET))
        self.check_found_one(found)
        self.assertEqual(found[0]["lines"][0]["offset"], len(QUIET))
        self.assertEqual(found[0]["lines"][0]["raw"], BAD.rstrip("\n"))

    def test_nothing_found_is_zero(self):
        found, _ = self.alerts(self.write("access.log", QUIET * 10))
        self.assertEqual(found, [])

    def test_standard_input(self):
        found, _ = self.alerts("-", stdin=(QUIET + BAD).encode())
        self.check_found_one(found)

    def test_gzip_and_zstd(self):
        found, _ = self.alerts(self.write("a.log.gz", gzip.compress((QUIET + BAD).encode())))
        self.check_found_one(found)
        plain = self.write("b.log", QUIET + BAD)
        subprocess.run(["zstd", "-q", plain, "-o", self.dir / "b.log.zst"], check=True)
        found, _ = self.alerts(self.dir / "b.log.zst")
        self.check_found_one(found)

    def test_compressed_standard_input_and_other_names(self):
        found, _ = self.alerts("-", stdin=gzip.compress((QUIET + BAD).encode()))
        self.check_found_one(found)
        found, _ = self.alerts(self.write("access.log.1", gzip.compress(BAD.encode())))
        self.check_found_one(found)

    def test_many_files_at_once(self):
        files = [self.write("%03d.log" % i, (BAD if i % 10 == 0 else QUIET) * 3)
                 for i in range(100)]
        found, _ = self.alerts(*files)
        self.assertEqual(sum(a["count"] for a in found), 30)

    def test_the_answer_does_not_depend_on_threads(self):
        log = self.write("big.log", (QUIET * 500 + BAD) * 40)
        runs = [self.alerts("--threads", n, log)[1].stdout for n in (1, 2, 5)]
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(runs[0], runs[2])

    def test_a_last_line_without_newline_counts(self):
        found, _ = self.alerts(self.write("access.log", (QUIET + BAD).rstrip("\n")))
        self.check_found_one(found)

    def test_an_empty_file_is_fine(self):
        found, _ = self.alerts(self.write("empty.log", ""))
        self.assertEqual(found, [])

    def test_json_has_every_member_of_the_contract(self):
        found, _ = self.alerts(self.write("access.log", BAD))
        alert = found[0]
        self.assertLessEqual(MEMBERS, set(alert))
        for name in ("time", "first_seen", "last_seen"):
            self.assertRegex(alert[name], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertRegex(alert["id"], "^[0-9a-f]{32}$")
        self.assertEqual(alert["entity"], {"kind": "source.ip", "value": "10.1.2.3"})
        self.assertEqual(alert["fields"]["url.domain"], "www.bad.example")
        for text in (alert["rule"]["title"], alert["advice"]):
            self.assertTrue(text["en"] and text["ja"])
        self.assertTrue(0 <= alert["severity"] <= 100)
        for member in ("batch", "offset", "raw", "time"):
            self.assertIn(member, alert["lines"][0])

    def test_people_read_their_language(self):
        log = self.write("access.log", BAD)
        run = self.run_scan("--no-rules", "--indicators", self.list, log, language="ja_JP.UTF-8")
        self.assertEqual(run.returncode, 1)
        self.assertIn("リスト掲載ドメインへの通信", run.stdout.decode())
        run = self.run_scan("--no-rules", "--indicators", self.list, log)
        self.assertIn("Contact with a listed domain", run.stdout.decode())

    def test_an_allow_list_wins(self):
        allow = self.write("allow.txt", "www.bad.example\n")
        found, _ = self.alerts("--allow", allow, self.write("access.log", BAD))
        self.assertEqual(found, [])

    # ---- lines that are bad ----

    def test_a_line_of_ten_megabytes(self):
        found, _ = self.alerts(self.write("access.log", QUIET + "x" * 10_000_000 + "\n" + BAD))
        self.check_found_one(found)

    def test_nul_bytes_and_broken_utf8(self):
        broken = QUIET.encode().replace(b"quiet.example/", b"quiet.example/\xff\xc0\xaf")
        data = b"\0" * 100 + b"\n" + broken + b"abc\0def\n" + BAD.encode() + b"\xff\xfe\n"
        log = self.write("access.log", QUIET.encode() * 20 + data)
        found, _ = self.alerts(log)
        self.check_found_one(found)
        run = self.run_scan("--explain", "--no-rules", log)
        self.assertIn("not read", run.stdout.decode())

    def test_control_characters_do_not_reach_a_terminal(self):
        log = self.write("access.log", BAD.replace("bad.example/x", "bad.example/\x1b[2J"))
        run = self.run_scan("--no-rules", "--indicators", self.list, log)
        self.assertNotIn(b"\x1b", run.stdout)

    # ---- files that are bad ----

    def test_utf16_is_told_and_how_to_convert(self):
        for name in ("utf-16", "utf-16-le", "utf-16-be"):
            log = self.write("wide.log", (BAD * 20).encode(name))
            _, run = self.alerts(log, code=3)
            self.sentence(run, "wide.log", "UTF-16", "iconv")

    def test_a_file_of_which_nothing_could_be_read_is_no_good_news(self):
        garbage = self.write("garbage", bytes(i * i * 7919 >> 3 & 255 for i in range(50000)))
        found, run = self.alerts(garbage, self.write("access.log", BAD), code=3)
        self.check_found_one(found)
        self.sentence(run, "garbage", "--explain")
        # A log that has been rotated and has only its header yet is fine.
        self.alerts(self.write("iis.log", "#Version: 1.0\n#Fields: date time c-ip cs-uri\n"), code=0)

    def test_truncated_gzip_keeps_what_was_read_and_says_so(self):
        noise = "".join(QUIET.replace("quiet", "q%d" % (i * 7919 % 100003)) for i in range(20000))
        whole = gzip.compress((BAD + noise).encode())
        found, run = self.alerts(self.write("cut.log.gz", whole[:len(whole) // 2]), code=3)
        self.check_found_one(found)
        self.sentence(run, "cut.log.gz")

    def test_gzip_with_a_flipped_bit(self):
        whole = bytearray(gzip.compress((BAD * 3 + QUIET * 3000).encode()))
        whole[-6] ^= 0xff
        _, run = self.alerts(self.write("bad.log.gz", bytes(whole)), code=3)
        self.sentence(run, "bad.log.gz")

    def test_a_missing_file_is_said_and_the_others_are_read(self):
        found, run = self.alerts(self.dir / "gone.log", self.write("access.log", BAD), code=3)
        self.check_found_one(found)
        self.sentence(run, "gone.log")

    @unittest.skipIf(os.geteuid() == 0 and shutil.which("setpriv") is None, "no setpriv")
    def test_a_file_that_may_not_be_read(self):
        log = self.write("secret.log", BAD)
        log.chmod(0)
        self.dir.chmod(0o755)
        command = [HINOMI, "scan", "--no-rules", str(log)]
        if os.geteuid() == 0:  # root may read everything unless it gives that up
            command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534",
                       "--regid=65534", "--clear-groups", *command]
        run = subprocess.run(command, capture_output=True, timeout=60, check=False)
        self.assertEqual(run.returncode, 3, run.stderr.decode())
        self.sentence(run, "secret.log")

    def test_a_directory_is_answered(self):
        self.write("logs/access.log", BAD)
        run = self.run_scan("--json", "--no-rules", "--indicators", self.list, self.dir / "logs")
        # Either its files are read or it is refused by name: never silence.
        if run.returncode == 1:
            self.assertIn(b"indicator:domain:bad.example", run.stdout)
        else:
            self.assertEqual(run.returncode, 3)
            self.sentence(run, "logs")

    def test_a_small_file_that_unpacks_to_a_huge_one_needs_little_memory(self):
        if b"__asan_init" in pathlib.Path(HINOMI).read_bytes():
            self.skipTest("AddressSanitizer reserves more address space than the limit of this test")
        bomb = self.dir / "bomb.log.zst"
        with open(bomb, "wb") as out:
            zeros = subprocess.Popen(["head", "-c", "400000000", "/dev/zero"],
                                     stdout=subprocess.PIPE)
            subprocess.run(["zstd", "-q", "-c"], stdin=zeros.stdout, stdout=out, check=True)
            zeros.stdout.close()
            zeros.wait()
        self.assertLess(bomb.stat().st_size, 100_000)
        # 1.5 GB of address space is far less than holding it whole, several times, would take.
        run = subprocess.run(["prlimit", "--as=1500000000", HINOMI, "scan", "--no-rules",
                              "--threads", "1", str(bomb)],
                             capture_output=True, timeout=120, check=False)
        self.assertIn(run.returncode, (0, 3), run.stderr.decode())

    # ---- content that is bad ----

    def test_a_yaml_bomb_among_the_rules(self):
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            "%s: &%s [%s]\n" % (chr(98 + i), chr(98 + i), ",".join(["*" + chr(97 + i)] * 9))
            for i in range(12))
        rules = self.write("rules/bomb.yml", bomb)
        run = self.run_scan("--rules", rules, self.write("access.log", QUIET))
        self.assertIn(run.returncode, (0, 3))
        self.sentence(run, "bomb.yml")

    def test_a_regex_that_never_ends(self):
        rule = ("title: Slow\nid: 5d0c9a36-0b1e-4c33-9a6c-000000000001\nlevel: low\n"
                "logsource:\n    category: proxy\ndetection:\n    selection:\n"
                "        c-uri|re: '^(([a-z])+.)+[A-Z]([a-z])+(.*a){25}(?!b)(?<=c)$'\n"
                "    condition: selection\n")
        rules = self.write("rules/slow.yml", rule)
        evil = QUIET.replace("quiet.example/", "quiet.example/" + "a" * 5000 + "!")
        run = self.run_scan("--json", "--rules", rules, "--indicators", self.list,
                            self.write("access.log", evil * 20 + BAD))
        self.assertIn(run.returncode, (1, 3), run.stderr.decode())
        self.assertIn(b"indicator:domain:bad.example", run.stdout)

    def test_a_regex_that_gave_up_is_named(self):
        rule = ("title: Slow\nid: 5d0c9a36-0b1e-4c33-9a6c-000000000003\nlevel: low\n"
                "logsource:\n    category: proxy\ndetection:\n    selection:\n"
                "        c-uri|re: 'needle.*a.*b.*c.*d!'\n    condition: selection\n")
        rules = self.write("rules/slow.yml", rule)
        evil = QUIET.replace("quiet.example/", "quiet.example/needle" + "abc" * 10000 + "!")
        log = self.write("access.log", evil * 20)
        counts = set()
        for threads in "13":
            run = self.run_scan("--threads", threads, "--rules", rules, log)
            self.assertEqual(run.returncode, 0, run.stderr.decode())
            said = [line for line in run.stderr.decode().splitlines() if "000000000003" in line]
            self.assertEqual(len(said), 1)
            counts.update(re.findall(r"(\d+) times", said[0]))
        self.assertEqual(len(counts), 1, "threads change the count")

    def test_indicators_that_cannot_be_read(self):
        log = self.write("access.log", QUIET)
        for name, data in (("x.json", "{\"a\": 1}"), ("cut.json", "[{\"type\":"),
                           ("deep.json", "[" * 100000), ("nul.txt", b"a\0b")):
            run = self.run_scan("--indicators", self.write(name, data), log)
            self.assertEqual(run.returncode, 3, name)
            self.sentence(run, name)
        run = self.run_scan("--indicators", self.dir / "gone.txt", log)
        self.assertEqual(run.returncode, 3)
        self.sentence(run, "gone.txt")

    def test_refused_rows_are_told(self):
        rows = self.write("rows.txt", "co.jp\n10.0.0.1\nbad.example\n")
        run = self.run_scan("--no-rules", "--indicators", rows, self.write("access.log", BAD))
        self.assertEqual(run.returncode, 1)
        self.assertIn("public suffix", (run.stdout + run.stderr).decode())

    def test_a_rule_file_that_cannot_be_read_leaves_its_neighbours(self):
        rule = ("title: Dropper\nid: 5d0c9a36-0b1e-4c33-9a6c-000000000002\nlevel: low\n"
                "logsource:\n    category: proxy\ndetection:\n    selection:\n"
                "        c-uri|contains: bad.example\n    condition: selection\n")
        self.write("rules/good.yml", rule)
        big = self.write("rules/big.yml", "#" * (5 << 20))
        log = self.write("access.log", BAD)
        run = self.run_scan("--rules", self.dir / "rules", log)
        self.assertEqual(run.returncode, 1, run.stderr.decode())
        self.assertIn("Dropper", run.stdout.decode())
        self.assertIn("big.yml", run.stderr.decode())
        run = self.run_scan("--rules", self.dir / "rules", log, language="ja_JP.UTF-8")
        self.assertIn("使わなかったルール", run.stderr.decode())
        run = self.run_scan("--rules", big, log)  # named itself: nothing would be left
        self.assertEqual(run.returncode, 3)
        self.sentence(run, "big.yml")

    def test_a_folder_without_rules_is_no_good_news(self):
        self.write("empty/README.md", "nothing here")
        for option in ("--rules", "--indicators"):
            run = self.run_scan(option, self.dir / "empty", self.write("access.log", QUIET))
            self.assertEqual(run.returncode, 3)
            self.sentence(run, "empty")

    # ---- the command line ----

    def test_wrong_usage_is_two(self):
        for args in ((), ("--no-such-option", "x"), ("--format", "nonsense", "x"),
                     ("--threads", "many", "x"), ("--utc-offset", "noon", "x")):
            run = self.run_scan(*args)
            self.assertEqual(run.returncode, 2, args)
            self.sentence(run)

    def test_help_in_both_languages(self):
        for language, word in (("en_US.UTF-8", "Usage"), ("ja_JP.UTF-8", "使い方")):
            run = self.run_scan("--help", language=language)
            self.assertEqual(run.returncode, 0)
            self.assertIn(word, run.stdout.decode())


if __name__ == "__main__":
    sys.exit(unittest.main())
