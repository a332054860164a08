"""Prints one line "person wave action net" per customer and wave of the Starbucks rewards data.

usage: flatten_starbucks.py DIRECTORY

Actions are 0 for no offer and 1 + the offer's position in portfolio.json. Net is what was spent
less the rewards paid, from a wave until before the next one.
"""

import bisect
import gzip
import json
import pathlib
import sys

WAVES = [0, 168, 336, 408, 504, 576]

directory = pathlib.Path(sys.argv[1])
offers = {json.loads(line)["id"]: index for index, line in
          enumerate((directory / "portfolio.json").read_text().splitlines()) if line.strip()}
people = {json.loads(line)["id"]: index for index, line in
          enumerate((directory / "profile.json").read_text().splitlines()) if line.strip()}
action = {}
net = {}
with gzip.open(directory / "transcript.json.gz", "rt") as lines:
    for line in lines:
        if len(line.strip()) < 3:
            continue
        event = json.loads(line)
        place = (people[event["person"]], bisect.bisect_right(WAVES, event["time"]) - 1)
        value = event["value"]
        if event["event"] == "offer received":
            action[place] = 1 + offers[value["offer id"]]
        elif event["event"] == "transaction":
            net[place] = net.get(place, 0) + value["amount"]
        elif event["event"] == "offer completed":
            net[place] = net.get(place, 0) - value["reward"]
for person in range(len(people)):
    for wave in range(len(WAVES)):
        place = (person, wave)
        print(person, wave, action.get(place, 0), repr(float(net.get(place, 0))))
