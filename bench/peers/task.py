"""The task that every peer is timed on, as in bench/learner_step.cc, and how it is timed."""

import argparse
import json
import os
import statistics
import time

INPUTS, ACTIONS, HIDDEN = 64, 16, (256, 256)
TRANSITIONS = 200_000
JOURNEY = 5  # transitions until the terminal one
GAMMA, LEARNING_RATE, TAU, CLIP_NORM = 0.9, 1e-3, 0.01, 10.0
BATCHES = (256, 1024, 4096)
WARM_UP_SECONDS, WINDOW_SECONDS, WINDOWS = 0.5, 1.0, 5


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1, help="intra-op threads (1)")
    return parser.parse_args()


def rate(update, seconds, clock):
    """Calls of `update` a second over a window."""
    calls, start = 0, clock()
    while True:
        update()
        calls += 1
        elapsed = clock() - start
        if elapsed >= seconds:
            return calls / elapsed


def measure(name, threads, batch, update):
    """Prints a JSON line with the median of the windows, and the slowest and fastest of them. With
    one thread the seconds are the processor's, as in bench/learner_step.cc (see bench/timing.h)."""
    clock = time.process_time if threads == 1 else time.perf_counter
    rate(update, WARM_UP_SECONDS, clock)
    rates = [rate(update, WINDOW_SECONDS, clock) for _ in range(WINDOWS)]
    median = statistics.median(rates)
    print(json.dumps({"peer": name, "threads": threads, "batch": batch,
                      "wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
                      "updates_per_s": round(median, 1), "slowest": round(min(rates), 1),
                      "fastest": round(max(rates), 1), "samples_per_s": round(median * batch),
                      "load_average": round(os.getloadavg()[0], 2)}), flush=True)
