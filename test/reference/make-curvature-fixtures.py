"""Makes test/reference/curvature/*: matrices of curvature of PyTorch twins, in float64.

Run with PyTorch and NumPy: python test/reference/make-curvature-fixtures.py

Parameters and samples are hashed numbers that both sides compute (models/hashed.py). Everything follows its definition:
Hessians by double backward, gradients sample by sample, the exact Fisher as the expectation over labels.
"""

import itertools
import json
import math
import sys
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch.autograd.functional import hessian
from torch.func import functional_call, grad, jacrev

folder = Path(__file__).parent / "curvature"
folder.mkdir(exist_ok=True)
sys.path.insert(0, str(folder.parent / "models"))
from hashed import features_of, fill, integers, numbers  # noqa: E402
from twins import answers_of, twins  # noqa: E402

torch.set_default_dtype(torch.float64)


def matrices(architecture, task, kind, count):
    model = twins[architecture["kind"]](architecture, task)
    fill(model)
    model.eval()
    names = [name for name, _ in model.named_parameters()]
    shapes = [value.shape for _, value in model.named_parameters()]
    sizes = [shape.numel() for shape in shapes]
    theta = torch.cat([value.detach().flatten() for _, value in model.named_parameters()])
    x = features_of(task, count, 3000)
    targets, answers = task["targets"], answers_of(task)
    classes = targets["count"]
    if targets["kind"] == "classes":
        y = integers(4000, classes, count * answers)
    else:
        y = 4 * numbers(4000, count, classes)

    def outputs(theta):
        parts = [part.reshape(shape) for part, shape in zip(theta.split(sizes), shapes)]
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            return functional_call(model, dict(zip(names, parts)), (x,))

    def answer_losses(f, y):
        if kind == "cross-entropy":
            return F.cross_entropy(f, y, reduction="none")
        return 0.5 * ((f - y) ** 2).sum(1)

    def sample_losses(theta):
        return answer_losses(outputs(theta), y).reshape(count, answers).mean(1)

    f = outputs(theta)
    jacobian = jacrev(outputs)(theta)
    gradients = jacrev(sample_losses)(theta)

    def mean_loss(theta):
        return sample_losses(theta).mean()

    # Not by torch.func: its second derivatives by the weights of layer norm are wrong (2.15), as differences tell.
    second = hessian(mean_loss, theta)
    step, slope = 1e-5, grad(mean_loss)
    differences = torch.stack(
        [(slope(theta + e) - slope(theta - e)) / (2 * step) for e in step * torch.eye(len(theta))]
    )
    assert (second - differences).abs().max() < 1e-7
    gauss_newton, fisher = torch.zeros_like(second), torch.zeros_like(second)
    share = 1 / (count * answers)
    for row in range(len(f)):
        a = hessian(lambda z: answer_losses(z[None], y[row : row + 1])[0], f[row])
        gauss_newton += share * jacobian[row].T @ a @ jacobian[row]
        score = grad(lambda z, label: answer_losses(z[None], label[None])[0])
        if kind == "cross-entropy":
            p = f[row].softmax(0)
            labels = [(p[k], torch.tensor(k)) for k in range(classes)]
        else:
            # The mean of squares over these points is that of a normal label of unit variance, exactly.
            offsets = math.sqrt(classes) * torch.eye(classes)
            labels = [
                (1 / (2 * classes), f[row] + sign * offset)
                for sign, offset in itertools.product((-1, 1), offsets)
            ]
        for probability, label in labels:
            g = score(f[row], label) @ jacobian[row]
            fisher += share * probability * torch.outer(g, g)
    mean = gradients.mean(0)
    centered = gradients - mean
    flat = jacobian.flatten(0, 1)
    return theta, {
        "gradient": mean,
        "hessian": second,
        "ggn": gauss_newton,
        "residual": second - gauss_newton,
        "fisher": fisher,
        "empirical-fisher": gradients.T @ gradients / count,
        "gradient-covariance": centered.T @ centered / count,
        "ntk": flat @ flat.T,
    }


def lower(matrix):
    """Its lower triangle, row by row."""
    return matrix.numpy()[numpy.tril_indices(len(matrix))]


def case(name, architecture, task, loss="cross-entropy", count=13, dense=True):
    """Whole matrices, or for a larger network their products with three hashed vectors."""
    theta, made = matrices(architecture, task, loss, count)
    arrays = {"gradient": made.pop("gradient").numpy()}
    for kind, matrix in made.items():
        if dense:
            arrays[kind] = lower(matrix)
        else:
            vectors = numbers(8000, 3, len(matrix))
            arrays[kind] = (vectors @ matrix).numpy()
    numpy.savez(folder / f"{name}.npz", **arrays)
    return {
        "name": name,
        "architecture": architecture,
        "task": task,
        "loss": loss,
        "batchSize": count,
        "size": len(theta),
        "isDense": dense,
    }


def classes(shape, count):
    return {
        "features": {"kind": "values", "shape": shape},
        "targets": {"kind": "classes", "count": count, "perSample": 1},
    }


mlp = {"kind": "mlp", "activation": "tanh", "bias": True, "residual": False}
cnn = {
    "kind": "cnn",
    "channels": [2, 2],
    "strides": [1, 2],
    "kernel": 3,
    "pooling": "none",
    "normalization": "none",
    "groups": 1,
    "head": "average",
    "hidden": [],
    "activation": "gelu",
    "bias": True,
}
transformer = {
    "kind": "transformer",
    "width": 4,
    "layers": 1,
    "heads": 2,
    "mlpRatio": 1,
    "norm": "pre",
    "positions": "learned",
    "tiedEmbeddings": True,
    "patch": 2,
    "activation": "gelu",
    "bias": True,
}
cases = [
    case("mlp-ce", mlp | {"hidden": [5]}, classes([4], 3)),
    case(
        "mlp-mse",
        mlp | {"hidden": [4, 3]},
        {"features": {"kind": "values", "shape": [3]}, "targets": {"kind": "values", "count": 2}},
        "squared-error",
    ),
    case("cnn-ce", cnn, classes([1, 4, 5], 3)),
    case(
        "transformer-ce",
        transformer,
        {
            "features": {"kind": "tokens", "length": 3, "vocabulary": 5},
            "targets": {"kind": "classes", "count": 5, "perSample": 3},
        },
        dense=False,
    ),
]
content = {"versions": {"torch": torch.__version__, "numpy": numpy.__version__}, "cases": cases}
(folder / "cases.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")

# A random symmetric matrix with its eigenvalues by LAPACK.
generator = numpy.random.default_rng(5)
matrix = generator.standard_normal((200, 200))
matrix = matrix + matrix.T
numpy.savez(
    folder / "eigenvalues.npz",
    triangle=matrix[numpy.tril_indices(200)],
    values=numpy.linalg.eigvalsh(matrix),
)
