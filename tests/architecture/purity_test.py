#!/usr/bin/env python3
"""Pure modules call neither the kernel nor the clock: nm -u over their objects.

purity_test.py ARCHIVE... lists the undefined symbols of each static library
and fails on one that asks for time, randomness, files, sockets, processes or
threads.  Libraries that compute (Vectorscan, PCRE2, libpsl, libidn2, libsodium's
hashes, libyaml and jansson on memory) are welcome.
"""
import re
import subprocess
import sys

FORBIDDEN = re.compile(r"""^(
    time|times|clock\w*|gettimeofday|localtime\w*|gmtime\w*|mktime|nanosleep|usleep|sleep|
    random|srandom|rand|srand|getrandom|getentropy|randombytes\w*|arc4random\w*|
    getenv|secure_getenv|setenv|
    f?open(at)?(64)?|creat(64)?|f?read|f?write|p?readv?(64)?|p?writev?(64)?|close|fclose|
    f?stat(at)?(64)?|lstat(64)?|access|unlink\w*|rename\w*|mkdir\w*|opendir|readdir\w*|
    mmap(64)?|munmap|ioctl|fcntl(64)?|pipe2?|dup[23]?|poll|select|epoll\w*|eventfd|timerfd\w*|
    socket|bind|connect|listen|accept4?|send\w*|recv\w*|getaddrinfo|gethostby\w*|
    fork|vfork|exec\w+|system|popen|posix_spawn\w*|wait\w*|kill|raise|signal|sigaction|
    exit|_exit|printf|puts|putchar|fprintf|vprintf|vfprintf|fputs|fputc|perror|
    pthread_create|thrd_create|syscall|prctl
)$""", re.X)


def undefined(archive):
    out = subprocess.run(["nm", "-u", "--no-demangle", archive], check=True,
                         capture_output=True, text=True).stdout
    member = "?"
    for line in out.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        elif line.strip().startswith("U "):
            # Fortified calls are the same calls: __read_chk is read.
            name = line.split()[1].split("@")[0]
            yield member, re.sub(r"^__(\w+)_chk$", r"\1", name)


def main():
    seen = bad = 0
    for archive in sys.argv[1:]:
        for member, name in undefined(archive):
            seen += 1
            if FORBIDDEN.match(name):
                bad += 1
                print("%s: %s calls %s()" % (archive, member, name))
    print("%d undefined symbols checked, %d not pure" % (seen, bad))
    return 1 if bad or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
