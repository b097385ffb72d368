"""Writes the fixtures of this folder: python make-fixtures.py (torch, numpy, scipy, safetensors).

Weights, data and vectors are float32; golden numbers are computed in float64 from those float32 values.
"""

import json
import struct
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

here = Path(__file__).parent
networks = here / "networks"
codecs = here / "codecs"
versions = {"torch": torch.__version__, "numpy": np.__version__}

activations = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": torch.nn.functional.gelu,
    "softplus": torch.nn.functional.softplus,
    "identity": lambda x: x,
}


class Mlp(torch.nn.Module):
    def __init__(self, widths, activation, bias):
        super().__init__()
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(a, b, bias=bias) for a, b in zip(widths, widths[1:])
        )
        self.activation = activations[activation]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


def loss_of(outputs, y, loss):
    if loss == "cross-entropy":
        return torch.nn.functional.cross_entropy(outputs, y)
    return 0.5 * ((outputs - y) ** 2).sum(1).mean()


cases = [
    ("tanh-ce", [64, 32, 10], "tanh", True, "cross-entropy", 50),
    ("gelu-ce", [8, 16, 12, 3], "gelu", True, "cross-entropy", 40),
    ("softplus-mse", [6, 10, 4], "softplus", True, "squared-error", 30),
    ("relu-ce", [8, 12, 5], "relu", True, "cross-entropy", 40),
    ("tanh-mse-no-bias", [5, 7, 3], "tanh", False, "squared-error", 25),
    ("linear-mse", [5, 7, 8, 3], "identity", True, "squared-error", 20),
]


def compact(value):
    return json.dumps(value, separators=(",", ":")) + "\n"


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def make_network(name, widths, activation, bias, loss, count, seed):
    torch.manual_seed(seed)
    net = Mlp(widths, activation, bias)
    x = torch.randn(count, widths[0])
    y = (
        torch.randint(widths[-1], (count,))
        if loss == "cross-entropy"
        else torch.randn(count, widths[-1])
    )
    weights = {k: v.detach().numpy().copy() for k, v in net.state_dict().items()}
    save_file(weights, networks / f"{name}.safetensors")
    np.savez(networks / f"{name}.npz", **weights)
    np.savez(networks / f"{name}-data.npz", x=x.numpy(), y=y.numpy())
    size = sum(p.numel() for p in net.parameters())
    vector, second = torch.randn(size), torch.randn(size)
    np.save(networks / f"{name}-vector.npy", vector.numpy())
    np.save(networks / f"{name}-vector-2.npy", second.numpy())

    net, x, vector, second = net.double(), x.double(), vector.double(), second.double()
    y = y if loss == "cross-entropy" else y.double()
    params = list(net.parameters())
    value = loss_of(net(x), y, loss)
    gradient = flat(torch.autograd.grad(value, params, create_graph=True))
    rows = [
        flat(torch.autograd.grad(g, params, retain_graph=True)).numpy() for g in gradient
    ]
    hessian = np.stack(rows)
    eigenvalues = np.linalg.eigvalsh(0.5 * (hessian + hessian.T))
    golden = {
        "versions": versions,
        "network": {"kind": "mlp", "widths": widths, "activation": activation, "bias": bias},
        "loss": loss,
        "value": value.item(),
        "gradient": gradient.tolist(),
        "product": (hessian @ vector.numpy()).tolist(),
        "product2": (hessian @ second.numpy()).tolist(),
        "top": eigenvalues[::-1][:10].tolist(),
        "bottom": eigenvalues[:5].tolist(),
        "trace": float(np.trace(hessian)),
        "squaredNorm": float((hessian**2).sum()),
    }
    if size <= 800:
        golden["eigenvalues"] = eigenvalues.tolist()
    (networks / f"{name}.json").write_text(compact(golden))


def make_codecs():
    base = np.arange(24).reshape(2, 3, 4)
    arrays = {
        "float32": base.astype(np.float32) / 7,
        "float64": base.astype(np.float64) / 7,
        "int64": base.astype(np.int64) - 5,
        "uint8": base.astype(np.uint8),
        "bool": base % 3 == 0,
        "fortran": np.asfortranarray(base.astype(np.float64)),
        "big-endian": base.astype(">f4"),
        "float16": base.astype(np.float16) / 8,
        "scalar": np.float64(2.5),
        "empty": np.zeros((0, 3), np.float32),
    }
    for name, array in arrays.items():
        np.save(codecs / f"{name}.npy", array)
    pair = {"a": arrays["float32"], "b": arrays["int64"]}
    np.savez(codecs / "stored.npz", **pair)
    np.savez_compressed(codecs / "compressed.npz", **pair)
    save_file(
        {"f32": arrays["float32"], "f64": arrays["float64"], "i64": arrays["int64"]},
        codecs / "mixed.safetensors",
        metadata={"made": "by safetensors"},
    )
    eighths = torch.arange(24).reshape(2, 3, 4) / 8
    save_torch_file(
        {
            "f16": eighths.to(torch.float16),
            "bf16": eighths.to(torch.bfloat16),
            "i32": torch.arange(-3, 3, dtype=torch.int32),
            "u8": torch.arange(5, dtype=torch.uint8),
            "bool": torch.tensor([True, False, True]),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 3),
        },
        codecs / "narrow.safetensors",
    )
    images = np.arange(2 * 3 * 3, dtype=np.uint8)
    (codecs / "images.idx").write_bytes(struct.pack(">IIII", 0x803, 2, 3, 3) + images.tobytes())
    (codecs / "labels.idx").write_bytes(struct.pack(">II", 0x801, 2) + bytes([1, 0]))


networks.mkdir(exist_ok=True)
codecs.mkdir(exist_ok=True)
for seed, case in enumerate(cases):
    make_network(*case, seed)
make_codecs()
for path in here.glob("*/*.safetensors"):
    path.chmod(0o644)
