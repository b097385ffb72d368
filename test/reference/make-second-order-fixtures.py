"""Writes second-order/*.json: python make-second-order-fixtures.py (torch).

lbfgs.json: trajectories of torch.optim.LBFGS with line_search_fn="strong_wolfe" on a small network, in float64. Row k
is the loss after k iterations; starts and data are multiples of 1/64, which float32 holds exactly.
"""

import json
from pathlib import Path

import torch

folder = Path(__file__).parent / "second-order"
folder.mkdir(exist_ok=True)
torch.set_default_dtype(torch.float64)


def normal(*shape):
    return torch.round(torch.randn(*shape) * 32) / 64


def lbfgs(activation, loss_name, history, steps):
    widths = [5, 7, 3]
    layers = [torch.nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
    model = torch.nn.Sequential(layers[0], activation(), layers[1])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(normal(*parameter.shape))
    features = normal(40, 5)
    labels = torch.randint(3, (40,))
    one_hot = torch.nn.functional.one_hot(labels, 3).double()

    def loss():
        outputs = model(features)
        if loss_name == "cross-entropy":
            return torch.nn.functional.cross_entropy(outputs, labels)
        return 0.5 * ((outputs - one_hot) ** 2).sum(1).mean()

    initial = torch.cat([p.detach().reshape(-1) for p in model.parameters()]).tolist()
    # A call of k iterations for each k: a second call would evaluate the start anew.
    trajectory = []
    for count in range(1, steps + 1):
        offset = 0
        with torch.no_grad():
            for parameter in model.parameters():
                size = parameter.numel()
                parameter.copy_(torch.tensor(initial[offset : offset + size]).reshape(parameter.shape))
                offset += size
        optimizer = torch.optim.LBFGS(
            model.parameters(),
            lr=1,
            max_iter=count,
            max_eval=10**6,
            history_size=history,
            line_search_fn="strong_wolfe",
            tolerance_grad=0,
            tolerance_change=0,
        )

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        optimizer.step(closure)
        trajectory.append(float(f"{loss().item():.12g}"))
    final = torch.cat([p.detach().reshape(-1) for p in model.parameters()]).tolist()
    return {
        "loss": loss_name,
        "widths": widths,
        "activation": activation.__name__.lower(),
        "historySize": history,
        "features": features.reshape(-1).tolist(),
        "labels": labels.tolist(),
        "initial": initial,
        "losses": trajectory,
        "final": [float(f"{x:.9g}") for x in final],
    }


if __name__ == "__main__":
    torch.manual_seed(11)
    cases = [
        lbfgs(torch.nn.Tanh, "cross-entropy", 10, 12),
        lbfgs(torch.nn.Tanh, "cross-entropy", 3, 12),
        lbfgs(torch.nn.Softplus, "squared-error", 5, 12),
    ]
    text = json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":"))
    (folder / "lbfgs.json").write_text(text + "\n")
