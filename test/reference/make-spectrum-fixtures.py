"""Writes spectra/*.npy: python make-spectrum-fixtures.py (torch, numpy); about a minute.

digits-mlp.npy: all 4,074 eigenvalues, ascending, of the Hessian of the mean cross-entropy of a tanh perceptron
64-48-16-10 on the 1,797 digits of resources/data/digits-8x8, after 400 steps of momentum SGD (rate 0.1, 0.9, batches of
64) from PyTorch's default initialization. Everything in float64. Prints the loss, the accuracy and what the spectrum is like.
"""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch.func import grad, jvp, vmap

folder = Path(__file__).parent / "spectra"
folder.mkdir(exist_ok=True)
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)

digits = Path(__file__).parents[2] / "resources" / "data" / "digits-8x8" / "digits.csv.gz"
with gzip.open(digits, "rt") as file:
    table = np.loadtxt(file, delimiter=",")
features = torch.from_numpy(table[:, :64] / 16)
labels = torch.from_numpy(table[:, 64]).long()

widths = [64, 48, 16, 10]
layers = [torch.nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
theta = torch.cat([p.detach().reshape(-1) for layer in layers for p in layer.parameters()])


def loss(theta, x, y):
    at = 0
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        weight = theta[at : at + a * b].reshape(b, a)
        at += a * b
        x = x @ weight.T + theta[at : at + b]
        at += b
        if i + 2 < len(widths):
            x = torch.tanh(x)
    return torch.nn.functional.cross_entropy(x, y), x


value = lambda theta, x, y: loss(theta, x, y)[0]
gradient = grad(value)
velocity = torch.zeros_like(theta)
for step in range(400):
    chosen = torch.randint(len(labels), (64,))
    velocity = 0.9 * velocity + gradient(theta, features[chosen], labels[chosen])
    theta = theta - 0.1 * velocity

final, outputs = loss(theta, features, labels)
accuracy = (outputs.argmax(1) == labels).double().mean()
print(f"loss {final:.4f}, accuracy {accuracy:.4f}, {len(theta)} parameters")

full = lambda theta: gradient(theta, features, labels)
product = lambda v: jvp(full, (theta,), (v,))[1]
units = torch.eye(len(theta))
hessian = torch.cat([vmap(product)(block) for block in units.split(32)])
print(f"asymmetry {(hessian - hessian.T).abs().max() / hessian.abs().max():.1e}")
values = np.linalg.eigvalsh(((hessian + hessian.T) / 2).numpy())
np.save(folder / "digits-mlp.npy", values)
print("largest", values[::-1][:14], "smallest", values[:4])
print("rms", np.sqrt(np.mean(values**2)), "median |λ|", np.median(np.abs(values)))
