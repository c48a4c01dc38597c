#!/usr/bin/env python3
"""Benchmarks: run.py [NAME...]   names: scan, json, end_to_end (all by default)

Each prints figures of this machine at this moment and, what counts, ratios to
a peer or a floor measured in the same run.  Rates are lines per second of
processor time (user + system), so that a busy neighbour disturbs them less;
wall time stands beside.  Input is seeded and the same everywhere.  LINES sets
its size (default 3,000,000).

The generator (mksquid.c) and SigmaHQ's rules are looked for in
HINOMI_SHARED (default ../shared, beside the project); without them there is
nothing to measure with, and this says so.
"""
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = pathlib.Path(os.environ.get("HINOMI_SHARED", ROOT.parent / "shared"))
HINOMI = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve() / "hinomi"
LINES = int(os.environ.get("LINES", "3000000"))
SEED = "1"


def timed(command, **kwargs):
    """(processor seconds, wall seconds, peak MiB, stdout) of one command."""
    start = time.monotonic()
    p = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, **kwargs)
    out = p.stdout.read()
    _, status, use = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if p.returncode not in (0, 1):
        sys.exit("bench: %s failed with %d" % (command[0], p.returncode))
    return use.ru_utime + use.ru_stime, wall, use.ru_maxrss / 1024, out


def best(command, rounds=3, **kwargs):
    return min((timed(command, **kwargs) for _ in range(rounds)), key=lambda r: r[0])


def make_tools(work):
    for name, source in (("mksquid", SHARED / "tools" / "mksquid.c"),
                         ("split", ROOT / "bench" / "split.c")):
        if not source.exists():
            sys.exit("bench: %s is not there; set HINOMI_SHARED to the folder that has tools/ and data/"
                     % source)
        subprocess.run(["cc", "-O2", "-w", "-o", work / name, source, "-lm"], check=True)


def generate(work, *args):
    out = work / "-".join(args).replace("/", "_")
    if not out.exists():
        with open(out, "wb") as f:
            subprocess.run([work / "mksquid", *args], stdout=f, check=True)
    return out


def proxy_rules(work):
    """SigmaHQ's rules for proxies, web servers and networks, and ours, in one folder."""
    folder = work / "rules"
    if folder.exists():
        return folder
    folder.mkdir()
    archive = SHARED / "data" / "sigma-rules" / "sigma-rules.tar.zst"
    if archive.exists():
        subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)
        shutil.rmtree(folder / "regression_data", ignore_errors=True)
    shutil.copytree(ROOT / "content" / "rules", folder / "hinomi")
    return folder


def syslog_ng(work, log):
    """CPU seconds of syslog-ng splitting these lines and matching 1,600 URL rules on them."""
    literals = [line[2:] for line in
                subprocess.run([work / "mksquid", "rules", "-n", "2000", "-s", SEED], check=True,
                               capture_output=True, text=True).stdout.splitlines()
                if line.startswith("L:")]
    rows = "\n".join(
        "<rule provider='bench' id='r%d' class='bad'><patterns>"
        "<pattern>http://@ESTRING:h:/@@ESTRING:a:/@%s</pattern></patterns></rule>"
        % (i, text[1:].replace("&", "&amp;").replace("<", "&lt;").replace("@", "@@"))
        for i, text in enumerate(literals))
    (work / "patterns.xml").write_text(
        "<patterndb version='4' pub_date='2026-01-01'><ruleset name='urls' id='u'><patterns>"
        "<pattern>squid</pattern></patterns><rules>%s</rules></ruleset></patterndb>" % rows)
    (work / "syslog-ng.conf").write_text("""@version: 3.38
options { stats-freq(0); };
source s { stdin(flags(no-parse) log-fetch-limit(1000)); };
parser csv { csv-parser(columns("t","elapsed","client","result","bytes","method","url","user",
  "hierarchy","mime") delimiters(chars(" ")) prefix("sq.")); };
parser db { db-parser(file("%(w)s/patterns.xml") template("${sq.url}") program-template("squid")); };
filter hit { "${.classifier.class}" eq "bad" };
destination d { file("%(w)s/matched" template("${sq.client} ${.classifier.rule_id}\\n")); };
log { source(s); parser(csv); parser(db); filter(hit); destination(d); flags(flow-control); };
""" % {"w": work})
    squeezed = work / "squeezed"
    with open(log, "rb") as source, open(squeezed, "wb") as out:
        subprocess.run(["tr", "-s", " "], stdin=source, stdout=out, check=True)
    cat = subprocess.Popen(["cat", squeezed], stdout=subprocess.PIPE)
    result = timed(["syslog-ng", "-F", "-f", work / "syslog-ng.conf", "--no-caps", "-R",
                    work / "persist", "-p", work / "pid", "-c", work / "ctl"], stdin=cat.stdout)
    cat.wait()
    return result


def show(name, lines, result):
    cpu, wall, peak, _ = result
    print("  %-34s %6.2f M lines/s a core   (wall %5.2f s, peak %4.0f MiB)"
          % (name, lines / cpu / 1e6, wall, peak), flush=True)
    return lines / cpu


def ratio(name, ours, theirs, target=None):
    print("  %-34s %6.2f ×%s" % (name, ours / theirs, "" if target is None else "   (aim: %s)" % target),
          flush=True)


def scan(work):
    log = generate(work, "log", "-n", str(LINES), "-s", SEED)
    indicators = generate(work, "ioc", "-n", "100000", "-s", SEED)
    print("scan, one core, %d Squid native lines, %.0f MB" % (LINES, log.stat().st_size / 1e6))
    split = float(max((subprocess.run([work / "split", log], check=True, capture_output=True, text=True)
                       .stdout.split()[0] for _ in range(3)), key=float))
    print("  %-34s %6.2f M lines/s a core" % ("floor: fields split in plain C", split / 1e6))
    command = [HINOMI, "scan", "--json", "--threads", "1"]
    empty = work / "empty"
    empty.write_text("")
    start_only = best([*command, "--rules", proxy_rules(work), "--indicators", indicators, empty])
    none = show("scan, no rules", LINES, best([*command, "--no-rules", log]))
    full = best([*command, "--rules", proxy_rules(work), "--indicators", indicators, log])
    everything = show("scan, all rules, 100,000 indicators", LINES, full)
    print("  %-34s %6.2f s, part of the above" % ("loading rules and indicators", start_only[0]))
    steady = LINES / (full[0] - start_only[0])
    print("  %-34s %6.2f M lines/s a core" % ("  once loaded", steady / 1e6))
    hits = full[3].count(b"\n")
    print("  %-34s %6d" % ("alerts", hits))
    ratio("to the floor, no rules", none, split)
    ratio("to the floor, everything", everything, split)
    if shutil.which("syslog-ng") is None:
        print("  syslog-ng is not installed: no ratio to it")
        return
    part = generate(work, "log", "-n", str(min(LINES, 1000000)), "-s", SEED)
    peer = show("syslog-ng, csv-parser + patterndb", min(LINES, 1000000), syslog_ng(work, part))
    ratio("everything to syslog-ng", everything, peer, "5")


def json_lines(work):
    log = generate(work, "log", "-n", str(LINES // 3), "-s", SEED, "-f", "json")
    print("scan, one core, %d JSON lines, %.0f MB" % (LINES // 3, log.stat().st_size / 1e6))
    command = [HINOMI, "scan", "--json", "--threads", "1"]
    show("scan, no rules", LINES // 3, best([*command, "--no-rules", log]))
    show("scan, all rules", LINES // 3, best([*command, "--rules", proxy_rules(work), log]))


def processor_seconds(pid):
    """Of a process and of the children it has now."""
    def one(p):
        fields = pathlib.Path("/proc/%d/stat" % p).read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()
    return {"": one(pid)} | {pathlib.Path("/proc/%s/cmdline" % c).read_bytes().split(b"\0")[3].decode():
                             one(int(c)) for c in children}


def end_to_end(work):
    """A hospital's file through node, TLS, the durable batch log and detection into the store."""
    sys.path.insert(0, str(ROOT / "tests" / "integration"))
    os.environ["HINOMI"] = str(HINOMI)
    import harness
    log = generate(work, "log", "-n", str(LINES), "-s", SEED)
    tailed = work / "access.log"
    tailed.touch()
    center = harness.Center(work / "e2e" / "center", "indicators: [%s]\nrules: [%s]\n" % (
        generate(work, "ioc", "-n", "100000", "-s", SEED), proxy_rules(work)))
    node = harness.Node(work / "e2e" / "node", [{"name": "proxy", "path": str(tailed), "codec": "squid"}])
    print("end to end, two cores, %d Squid native lines" % LINES)
    try:
        center.start()
        node.enroll("https://127.0.0.1:%d" % center.node_port, center.token("Bench"))
        node.start()
        time.sleep(3)  # everybody is up and idle
        store = sqlite3.connect("file:%s?mode=ro" % (center.data / "store" / "store.db"), uri=True)
        before = processor_seconds(center.process.pid) | {"node": processor_seconds(node.process.pid)[""]}
        shutil.copyfile(log, work / "whole.log")
        start = time.monotonic()
        os.rename(work / "whole.log", tailed)
        while (store.execute("SELECT coalesce(sum(lines), 0) FROM reading").fetchone()[0] < LINES and
               time.monotonic() - start < 600):
            time.sleep(0.02)
        wall = time.monotonic() - start
        after = processor_seconds(center.process.pid) | {"node": processor_seconds(node.process.pid)[""]}
        lines, = store.execute("SELECT coalesce(sum(lines), 0) FROM reading").fetchone()
        store.close()
        if lines != LINES:
            sys.exit("bench: %d of %d lines arrived" % (lines, LINES))
        print("  %-34s %6.0f k lines/s   (wall %.2f s; aim: 400)" % ("written to committed", LINES / wall / 1e3, wall))
        for name in ("node", "serve", "detect"):
            print("  %-34s %6.2f s of processor time" % (name, after[name] - before[name]))
    finally:
        node.stop()
        center.stop()


NAMES = {"scan": scan, "json": json_lines, "end_to_end": end_to_end}


def main():
    names = sys.argv[1:] or list(NAMES)
    if any(n not in NAMES for n in names):
        sys.exit(__doc__)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="hinomi-bench-") as folder:
        work = pathlib.Path(folder)
        make_tools(work)
        for name in names:
            NAMES[name](work)


if __name__ == "__main__":
    main()
