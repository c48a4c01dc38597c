#!/usr/bin/env python3
"""Write the manual pages from what the program itself says: manpages.py BINARY FOLDER

hinomi.1 comes from `hinomi --help`, hinomi-COMMAND.1 from `hinomi COMMAND --help`.
So a page cannot say less, or anything else, than the program does.
"""
import datetime
import os
import pathlib
import re
import subprocess
import sys

CODES = [("0", "done"), ("1", "found something, or a check that was asked for failed"),
         ("2", "wrong usage"), ("3", "could not be run; standard error says why")]


def ask(binary, *words):
    env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    done = subprocess.run([binary, *words], capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        sys.exit("manpages: %s ended with %d: %s" % (" ".join((binary,) + words), done.returncode,
                                                     done.stderr.strip()))
    return done.stdout


def roff(line):
    line = line.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\`")
    return "\\&" + line if line[:1] in (".", "'") else line


def verbatim(text):
    return [".nf"] + [roff(line) for line in text.strip("\n").splitlines()] + [".fi"]


def page(name, summary, text, also, version, date):
    usage, rest = [], []
    for line in text.splitlines():
        more = usage and not rest and line.startswith("       ") and line.strip()
        if line.startswith("Usage:") or more:
            usage.append(re.sub(r"^(Usage:| {6}) *(or: )?", "", line).strip())
        else:
            rest.append(line)
    out = ['.TH "%s" 1 "%s" "Hinomi %s" "Hinomi"' % (name.upper().replace("-", "\\-"), date, version),
           ".SH NAME", "%s \\- %s" % (roff(name), roff(summary)), ".SH SYNOPSIS"]
    out += verbatim("\n".join(usage)) + [".SH DESCRIPTION"] + verbatim("\n".join(rest))
    out.append(".SH EXIT STATUS")
    for code, meaning in CODES:
        out += [".TP", ".B " + code, meaning]
    out.append(".SH SEE ALSO")
    out.append(",\n".join(".BR %s (1)" % roff(n) for n in also).replace(",\n", " ,\n"))
    return "\n".join(out) + "\n"


def main():
    binary, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    stamp = int(os.environ.get("SOURCE_DATE_EPOCH", os.path.getmtime(binary)))
    date = datetime.datetime.fromtimestamp(stamp, datetime.timezone.utc).strftime("%Y-%m-%d")
    version = ask(binary, "--version").split()[-1]
    top = ask(binary, "--help")
    commands = dict(re.findall(r"^  ([a-z][a-z-]*) +(.+)$", top, re.M))
    pages = {"hinomi": (top.splitlines()[0].removeprefix("Hinomi: ").rstrip("."), top,
                        ["hinomi-" + c for c in commands])}
    for command, summary in commands.items():
        pages["hinomi-" + command] = (summary, ask(binary, command, "--help"), ["hinomi"])
    for name, (summary, text, also) in pages.items():
        (folder / (name + ".1")).write_text(page(name, summary, text, also, version, date),
                                            encoding="utf-8")


if __name__ == "__main__":
    main()
