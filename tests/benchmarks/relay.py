"""Stands for perf: passes its bytes on, and writes down when. Usage: relay.py LOG perf's arguments."""

import os
import re
import subprocess
import sys
import time

log = open(sys.argv[1], "a", buffering=1)  # noqa: SIM115  (until our end)
perf = subprocess.Popen(["perf", *sys.argv[2:]], stdout=subprocess.PIPE)
assert perf.stdout
while chunk := os.read(perf.stdout.fileno(), 65536):
    stamp = time.time()
    os.write(1, chunk)
    if times := re.findall(rb"^ *([0-9]+\.[0-9]+)@@", chunk, re.MULTILINE):
        log.write(f"{float(times[-1]):.9f} {stamp:.6f}\n")
sys.exit(perf.wait())
