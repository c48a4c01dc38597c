#!/usr/bin/env python3
"""Run the whole test suite and end with one line: N passed, N failed, N skipped.

test.py [STAGE...]   stages: plain san fuzz (all by default)

  plain  every test of the GCC build: units, properties, known answers, seeded
         fuzzing, integration on loopback, browser
  san    the same without the browser, built with AddressSanitizer and
         UndefinedBehaviorSanitizer
  fuzz   every fuzz target under libFuzzer, built by Clang (whose warnings are
         errors too), FUZZ_SECONDS each (default 5)
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
JOBS = str(os.cpu_count() or 2)

# LeakSanitizer needs ptrace, which containers may refuse; leaks of tests are found where it may run.
SAN_ENV = {
    "ASAN_OPTIONS": "abort_on_error=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []


def run(*command, **kwargs):
    print("+ " + " ".join(str(c) for c in command), flush=True)
    return subprocess.run([str(c) for c in command], cwd=ROOT, **kwargs).returncode


def setup(folder, *options, env=None):
    if not (folder / "build.ninja").exists():
        if run("meson", "setup", folder, *options, env=env) != 0:
            sys.exit("test: could not configure %s" % folder)
    if run("ninja", "-C", folder, "-j", JOBS) != 0:
        sys.exit("test: %s does not build" % folder)


def meson_tests(folder, tally, label, *options, env=None):
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    run("meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
        "--num-processes", JOBS, *options, env={**os.environ, **(env or {})})
    if not log.exists():
        tally.failed.append(label + ": no test ran")
        return
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        test = json.loads(line)
        name = label + " " + test["name"]
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            tally.passed += 1
        elif test["result"] == "SKIP":
            tally.skipped.append(name)
        else:
            tally.failed.append(name + " (" + test["result"] + ")")


def plain(tally):
    setup(BUILD)
    meson_tests(BUILD, tally, "plain")


def san(tally):
    folder = BUILD.with_name(BUILD.name + "-san")
    setup(folder, "-Db_sanitize=address,undefined", "-Db_lundef=false")
    meson_tests(folder, tally, "san", "--no-suite", "e2e", "--no-suite", "once", "--timeout-multiplier", "4",
                env=SAN_ENV)


def fuzz(tally):
    folder = BUILD.with_name(BUILD.name + "-fuzz")
    seconds = os.environ.get("FUZZ_SECONDS", "5")
    setup(folder, "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false",
          env={**os.environ, "CC": "clang"})
    targets = sorted(p for p in (folder / "tests" / "fuzz").glob("fuzz_*") if p.is_file())
    for target in targets:
        name = target.name.removeprefix("fuzz_")
        corpus, seeds = folder / "corpus" / name, ROOT / "tests" / "fuzz" / "seeds" / name
        corpus.mkdir(parents=True, exist_ok=True)
        command = [target, "-max_total_time=" + seconds, "-timeout=20", "-rss_limit_mb=4096",
                   "-max_len=65536", "-verbosity=0", "-print_final_stats=0",
                   "-artifact_prefix=%s/" % corpus.parent, corpus]
        if seeds.is_dir():
            command.append(seeds)
        if run(*command, env={**os.environ, **SAN_ENV}) == 0:
            tally.passed += 1
        else:
            tally.failed.append("fuzz " + name)
    if not targets:
        tally.failed.append("fuzz: no target was built")


STAGES = {"plain": plain, "san": san, "fuzz": fuzz}


def main():
    stages = sys.argv[1:] or list(STAGES)
    if any(s not in STAGES for s in stages):
        sys.exit(__doc__)
    tally = Tally()
    for stage in stages:
        STAGES[stage](tally)
    for name in tally.skipped:
        print("skipped: " + name)
    for name in tally.failed:
        print("FAILED: " + name)
    print("%d passed, %d failed, %d skipped" %
          (tally.passed, len(tally.failed), len(tally.skipped)))
    return 1 if tally.failed or tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
