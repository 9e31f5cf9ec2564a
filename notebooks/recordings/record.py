"""Records what the work of notebook 04 counts on this machine; README.md beside it says how.

The functions that run are the notebook's own: its cells whose id begins with ``work-``.
"""

import argparse
import dataclasses
import json
import platform
import subprocess
from pathlib import Path

import perfwidgets
from perfwidgets.recording import Header


def work_of(notebook):
    """Run the cells that define the work, and return what they define."""
    names = {}
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        if cell["id"].startswith("work-"):
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook")
    parser.add_argument("recording", help="the file that is written")
    parser.add_argument("sections", nargs="*", help="all of the notebook's EVENTS if none is given")
    parser.add_argument("--cpu", help="the processor, where Linux does not name it")
    parser.add_argument(
        "--also", action="append", default=[], metavar="SECTION=EVENTS", help="more events to count"
    )
    parser.add_argument(
        "--rounds", type=int, help="how often; as often as the notebook if not given"
    )
    given = parser.parse_args()
    work = work_of(given.notebook)
    more = dict(each.split("=", 1) for each in given.also)
    version = subprocess.run(["perf", "--version"], capture_output=True, text=True, check=True)
    header = Header.of()
    header = dataclasses.replace(
        header,
        kernel=platform.release().split("-")[0],
        perf_version=version.stdout.split()[-1],
        cpu=given.cpu or header.cpu,
    )
    with perfwidgets.Recorder(given.recording, header, overwrite=True) as recorder:
        for section in given.sections or work["EVENTS"]:
            events = ",".join(filter(None, [work["EVENTS"][section], more.get(section)]))
            rounds = given.rounds or work["ROUNDS"]
            found = perfwidgets.compare(work[section], rounds=rounds, events=events)
            recorder.write_region(section, None, found.to_dict())
            print(section, found, sep="\n", end="\n\n")
    if recorder.error is not None:
        raise recorder.error


if __name__ == "__main__":
    main()
