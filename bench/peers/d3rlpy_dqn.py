#!/usr/bin/env python3
"""Updates a second of d3rlpy's DoubleDQN on a data set in memory: once as its fit() does it, with
sampling, and once the update alone on one batch. Its target is copied as a whole every 8,000
updates, it does not clip and knows no impossible actions. One JSON line for each.

usage: d3rlpy_dqn.py [--threads N]
"""

import contextlib
import io
import logging

import numpy
import structlog
import torch

import task

with contextlib.redirect_stderr(io.StringIO()):  # gym's notice that it is not maintained
    import d3rlpy
    from d3rlpy.algos import DoubleDQNConfig
    from d3rlpy.models import VectorEncoderFactory
    from d3rlpy.optimizers import AdamWFactory


def make_dataset():
    random = numpy.random.default_rng(1)
    count = task.TRANSITIONS
    ends = (numpy.arange(count) % task.JOURNEY == task.JOURNEY - 1).astype(numpy.float32)
    ends[-1] = 1
    return d3rlpy.dataset.MDPDataset(
        observations=random.standard_normal((count, task.INPUTS), dtype=numpy.float32),
        actions=random.integers(task.ACTIONS, size=(count, 1)),
        rewards=random.standard_normal((count, 1), dtype=numpy.float32), terminals=ends,
        action_size=task.ACTIONS)


def main():
    threads = task.arguments(__doc__.splitlines()[0]).threads
    torch.set_num_threads(threads)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    dataset = make_dataset()
    for batch in task.BATCHES:
        learner = DoubleDQNConfig(
            batch_size=batch, gamma=task.GAMMA, learning_rate=task.LEARNING_RATE,
            optim_factory=AdamWFactory(weight_decay=0.0),
            encoder_factory=VectorEncoderFactory(list(task.HIDDEN))).create()
        learner.build_with_dataset(dataset)
        name = f"d3rlpy {d3rlpy.__version__}"
        task.measure(name, threads, batch,
                     lambda: learner.update(dataset.sample_transition_batch(batch)))
        drawn = dataset.sample_transition_batch(batch)
        task.measure(f"{name}, update alone", threads, batch, lambda: learner.update(drawn))


if __name__ == "__main__":
    main()
