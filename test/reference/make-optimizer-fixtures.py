"""Writes optimizers/: python make-optimizer-fixtures.py (torch, numpy), after make-fixtures.py.

20 full-batch float64 steps of each optimizer on networks/tanh-mse-no-bias, and learning rates of schedulers.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler as schedulers

here = Path(__file__).parent
networks = here / "networks"
target = here / "optimizers"
target.mkdir(exist_ok=True)
weights = np.load(networks / "tanh-mse-no-bias.npz")
data = np.load(networks / "tanh-mse-no-bias-data.npz")
x, y = torch.tensor(data["x"]).double(), torch.tensor(data["y"]).double()
optim = torch.optim

SGD = lambda lr, **more: lambda p: optim.SGD(p, lr=lr, **more)
adam_with_l2 = lambda p: optim.Adam(p, lr=0.01, weight_decay=0.05)
factors = [0.25, 2.0]


def with_factors(p):
    groups = [{"params": [w], "lr": 0.01 * f} for w, f in zip(p, factors)]
    return optim.AdamW(groups, weight_decay=0.1)


by_norm = lambda p: torch.nn.utils.clip_grad_norm_(p, 0.5)
by_value = lambda p: torch.nn.utils.clip_grad_value_(p, 0.05)
cases = {
    "sgd": (SGD(0.1), None),
    "sgd-l2": (SGD(0.1, weight_decay=0.1), None),
    "sgd-clipped": (SGD(0.1, weight_decay=0.1), by_norm),
    "sgd-clipped-by-value": (SGD(0.1), by_value),
    "momentum": (SGD(0.05, momentum=0.9), None),
    "momentum-l2": (SGD(0.05, momentum=0.9, weight_decay=0.05), None),
    "nesterov": (SGD(0.05, momentum=0.9, nesterov=True), None),
    "nesterov-l2": (SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.05), None),
    "adam": (lambda p: optim.Adam(p, lr=0.01), None),
    "adam-l2": (adam_with_l2, None),
    "adamw": (lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1), None),
    "adamw-clipped": (lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1), by_norm),
    "adamw-factors": (with_factors, None),
    "rmsprop": (lambda p: optim.RMSprop(p, lr=0.01), None),
    "rmsprop-momentum": (lambda p: optim.RMSprop(p, lr=0.002, momentum=0.9), None),
    "rmsprop-centered": (
        lambda p: optim.RMSprop(p, lr=0.002, momentum=0.5, centered=True, weight_decay=0.05),
        None,
    ),
}
average_decay = 0.8


def trajectory(make, clip):
    p = [torch.tensor(weights[k]).double().requires_grad_() for k in weights.files]
    optimizer = make(p)
    losses, visited = [], []
    for _ in range(20):
        optimizer.zero_grad()
        outputs = torch.tanh(x @ p[0].T) @ p[1].T
        value = 0.5 * ((outputs - y) ** 2).sum(1).mean()
        value.backward()
        if clip is not None:
            clip(p)
        optimizer.step()
        losses.append(value.item())
        visited.append(torch.cat([w.detach().reshape(-1) for w in p]))
    ages = average_decay ** torch.arange(19, -1, -1).double()
    average = (ages[:, None] * torch.stack(visited)).sum(0) / ages.sum()
    return {
        "losses": losses,
        "parameters": visited[-1].tolist(),
        "average": average.tolist(),
    }


def rates(make, warmup, count):
    """Rates of `count` steps, the first `warmup` of them rising in equal parts."""
    parameter = torch.zeros(1, requires_grad=True)
    optimizer = optim.SGD([parameter], lr=0.3)
    after = make(optimizer, warmup, count)
    if warmup > 0:
        rise = schedulers.LinearLR(optimizer, 1 / (warmup + 1), 1, warmup)
        after = schedulers.SequentialLR(optimizer, [rise, after], [warmup])
    result = []
    for _ in range(count):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        after.step()
    return result


schedules = {
    "constant": lambda o, w, n: schedulers.ConstantLR(o, 1, 1),
    "step": lambda o, w, n: schedulers.StepLR(o, 7, 0.3),
    "cosine": lambda o, w, n: schedulers.CosineAnnealingLR(o, n - w, 0.1 * 0.3),
    "inverse-sqrt": lambda o, w, n: schedulers.LambdaLR(
        o, lambda s: math.sqrt(max(1, w) / (max(1, w) + s))
    ),
}


def write(name, value):
    value = {"versions": {"torch": torch.__version__, "numpy": np.__version__}, **value}
    (target / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


write("trajectories.json", {name: trajectory(*case) for name, case in cases.items()})
write(
    "schedules.json",
    {name: {str(w): rates(make, w, 30) for w in (0, 6)} for name, make in schedules.items()},
)
