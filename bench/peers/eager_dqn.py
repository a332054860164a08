#!/usr/bin/env python3
"""Updates a second of a plain eager PyTorch double DQN: uniform sampling from tensors in memory,
impossible actions masked, Huber loss, clipped gradients, fused AdamW, Polyak target. One JSON line
per batch size.

usage: eager_dqn.py [--threads N]
"""

import copy

import torch
from torch import nn

import task


def make_network():
    layers, width = [], task.INPUTS
    for hidden in task.HIDDEN:
        layers += [nn.Linear(width, hidden), nn.ReLU()]
        width = hidden
    return nn.Sequential(*layers, nn.Linear(width, task.ACTIONS))


def make_transitions():
    count = task.TRANSITIONS
    states = torch.randn(count + 1, task.INPUTS)
    possible = torch.ones(count + 1, task.ACTIONS, dtype=torch.bool)
    possible[torch.arange(count + 1), torch.randint(task.ACTIONS, (count + 1,))] = False
    ends = torch.arange(count) % task.JOURNEY == task.JOURNEY - 1
    return {"states": states[:-1], "next_states": states[1:].clone(), "next_possible": possible[1:],
            "actions": torch.randint(task.ACTIONS, (count, 1)), "rewards": torch.randn(count),
            "discounts": torch.where(ends, 0.0, task.GAMMA)}


class Learner:
    def __init__(self, batch):
        self.batch = batch
        self.online = make_network()
        self.target = copy.deepcopy(self.online).requires_grad_(False)
        self.parameters = list(self.online.parameters())
        self.target_parameters = list(self.target.parameters())
        self.optimiser = torch.optim.AdamW(self.parameters, lr=task.LEARNING_RATE, weight_decay=0.0,
                                           fused=True)
        self.transitions = make_transitions()

    def update(self):
        rows = torch.randint(task.TRANSITIONS, (self.batch,))
        drawn = {name: values[rows] for name, values in self.transitions.items()}
        with torch.no_grad():
            scores = self.online(drawn["next_states"]).masked_fill(~drawn["next_possible"],
                                                                   -torch.inf)
            best = scores.argmax(1, keepdim=True)
            values = self.target(drawn["next_states"]).gather(1, best).squeeze(1)
            wanted = drawn["rewards"] + drawn["discounts"] * values
        predicted = self.online(drawn["states"]).gather(1, drawn["actions"]).squeeze(1)
        loss = nn.functional.smooth_l1_loss(predicted, wanted)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, task.CLIP_NORM)
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.target_parameters, self.parameters, task.TAU)


def main():
    threads = task.arguments(__doc__.splitlines()[0]).threads
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    for batch in task.BATCHES:
        task.measure(f"eager PyTorch {torch.__version__}", threads, batch, Learner(batch).update)


if __name__ == "__main__":
    main()
