"""Makes test/reference/models/*.json: what PyTorch twins of the architectures compute in float64.

Run with PyTorch and NumPy: python test/reference/make-model-fixtures.py

No parameters or samples are stored: both sides compute them from the same hash (see `numbers` in models/hashed.py), as numbers that
float32 holds exactly. Of each tensor of a gradient two projections onto hashed vectors and the norm are kept.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

folder = Path(__file__).parent / "models"
sys.path.insert(0, str(folder))
from hashed import features_of, fill, fill_statistics, integers, numbers, statistics  # noqa: E402
from twins import answers_of, twins  # noqa: E402

torch.set_default_dtype(torch.float64)


def loss_of(outputs, targets, kind, answers):
    if kind == "squared-error":
        if targets.dim() == 1:
            targets = F.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
        rows = 0.5 * ((outputs - targets) ** 2).sum(1)
    else:
        rows = F.cross_entropy(outputs, targets, reduction="none")
    rows = rows.reshape(-1, answers).mean(1)
    weights = torch.arange(1, len(rows) + 1) / 64
    return (weights * rows).sum()


def summary(vectors):
    """Of each tensor: its products with two hashed vectors, and its norm."""
    return [
        [
            (numbers(6000 + i, *v.shape) * v).sum().item(),
            (numbers(7000 + i, *v.shape) * v).sum().item(),
            v.norm().item(),
        ]
        for i, v in enumerate(vectors)
    ]


def evaluate(model, task, kind, count):
    parameters = list(model.parameters())
    x = features_of(task, count, 3000)
    targets = task["targets"]
    if targets["kind"] == "classes":
        y = integers(4000, targets["count"], count * targets["perSample"])
    else:
        y = 4 * numbers(4000, count, targets["count"])
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        outputs = model(x)
        loss = loss_of(outputs, y, kind, answers_of(task))
        gradient = torch.autograd.grad(loss, parameters, create_graph=True)
        vectors = [numbers(5000 + i, *p.shape) for i, p in enumerate(parameters)]
        slope = sum((g * v).sum() for g, v in zip(gradient, vectors))
        product = torch.autograd.grad(slope, parameters)
    return {
        "outputs": summary([outputs]),
        "loss": loss.item(),
        "gradient": summary(gradient),
        "product": summary(product),
    }


def make_case(name, architecture, task, loss="cross-entropy", count=3):
    model = twins[architecture["kind"]](architecture, task)
    fill(model)
    model.eval()
    case = {
        "name": name,
        "architecture": architecture,
        "task": task,
        "loss": loss,
        "batchSize": count,
        "parameters": [[n, list(p.shape)] for n, p in model.named_parameters()],
        "stateDict": [[n, list(v.shape)] for n, v in model.state_dict().items()],
        "evaluate": evaluate(model, task, loss, count),
    }
    if statistics(model):
        model.train()
        fill_statistics(model)
        case["train"] = evaluate(model, task, loss, count)
        # Running statistics after passes over three batches, from the filled ones.
        fill_statistics(model)
        case["statistics"] = []
        for step in range(3):
            model(features_of(task, count, 3000 + step))
            case["statistics"].append([v.tolist() for _, v in statistics(model)])
    return case


def image(channels, rows, columns, classes=4):
    return {
        "features": {"kind": "values", "shape": [channels, rows, columns]},
        "targets": {"kind": "classes", "count": classes, "perSample": 1},
    }


def text(length, vocabulary, classes, answers):
    return {
        "features": {"kind": "tokens", "length": length, "vocabulary": vocabulary},
        "targets": {"kind": "classes", "count": classes, "perSample": answers},
    }


def regression(shape, count):
    return {"features": {"kind": "values", "shape": shape}, "targets": {"kind": "values", "count": count}}


def mlp(**settings):
    base = {"kind": "mlp", "hidden": [7, 7, 5], "activation": "tanh", "bias": True, "residual": False}
    return base | settings


def cnn(**settings):
    base = {
        "kind": "cnn",
        "channels": [4, 6],
        "strides": [1, 1],
        "kernel": 3,
        "pooling": "max",
        "normalization": "none",
        "groups": 2,
        "head": "average",
        "hidden": [],
        "activation": "gelu",
        "bias": True,
    }
    return base | settings


def resnet(**settings):
    base = {
        "kind": "resnet",
        "variant": "cifar",
        "blocks": 1,
        "stem": "small",
        "shortcut": "pad",
        "normalization": "batch",
        "groups": 2,
        "widthMultiplier": 0.25,
        "activation": "gelu",
    }
    return base | settings


def transformer(**settings):
    base = {
        "kind": "transformer",
        "width": 8,
        "layers": 2,
        "heads": 2,
        "mlpRatio": 2,
        "norm": "pre",
        "positions": "learned",
        "tiedEmbeddings": True,
        "patch": 2,
        "activation": "gelu",
        "bias": True,
    }
    return base | settings


def write(name, cases):
    content = {"versions": {"torch": torch.__version__}, "cases": cases}
    (folder / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


write(
    "mlp",
    [
        make_case("on images", mlp(), image(2, 3, 3)),
        make_case("with residual layers", mlp(residual=True, activation="gelu"), image(1, 1, 7)),
        make_case("on tokens", mlp(bias=False, activation="silu", residual=True), text(3, 4, 5, 1)),
        make_case("with an answer a token", mlp(hidden=[6], activation="logistic"), text(3, 4, 4, 3)),
        make_case("of values", mlp(activation="softplus"), regression([6], 3), "squared-error"),
        make_case("without hidden layers", mlp(hidden=[]), image(1, 2, 3), "squared-error"),
    ],
)
write(
    "cnn",
    [
        make_case("with max pooling", cnn(activation="tanh"), image(3, 8, 6)),
        make_case(
            "with batch norm, average pooling and affine layers",
            cnn(normalization="batch", pooling="average", head="flatten", hidden=[7, 5]),
            image(3, 8, 8),
        ),
        make_case(
            "with group norm and strides",
            cnn(normalization="group", pooling="none", kernel=5, strides=[2, 2], activation="silu"),
            image(2, 9, 7),
        ),
        make_case(
            "with layer norm, no biases and 1x1 kernels",
            cnn(normalization="layer", kernel=1, bias=False, pooling="average"),
            image(3, 4, 4),
        ),
        make_case("of values", cnn(head="flatten"), regression([1, 6, 6], 2), "squared-error"),
        make_case("with rectifiers", cnn(activation="relu", normalization="batch"), image(3, 8, 8)),
    ],
)
write(
    "resnet",
    [
        make_case("of 8 layers, padded", resnet(), image(3, 8, 8)),
        make_case(
            "of 14 layers, projected, group norm",
            resnet(blocks=2, shortcut="projection", normalization="group"),
            image(3, 8, 8),
        ),
        make_case("of 8 layers without normalization", resnet(normalization="none"), image(3, 9, 9)),
        make_case(
            "of 8 layers without normalization, projected",
            resnet(normalization="none", shortcut="projection", activation="tanh"),
            image(1, 8, 8),
        ),
        make_case(
            "of 10 layers with the large stem",
            resnet(
                variant="imagenet", blocks=1, stem="large", shortcut="projection", widthMultiplier=0.0625
            ),
            image(3, 36, 36),
        ),
        make_case(
            "of 18 layers with rectifiers",
            resnet(
                variant="imagenet", blocks=2, shortcut="projection", widthMultiplier=0.0625, activation="relu"
            ),
            image(3, 16, 16),
        ),
    ],
)
write(
    "transformer",
    [
        make_case("that models language", transformer(), text(5, 7, 7, 5)),
        make_case(
            "with norms after, rotary positions and its own head",
            transformer(norm="post", positions="rotary", tiedEmbeddings=False, bias=False),
            text(6, 7, 7, 6),
        ),
        make_case(
            "with rotary positions and a tied head",
            transformer(positions="rotary", heads=1, mlpRatio=1.5, activation="silu"),
            text(5, 6, 6, 5),
        ),
        make_case("that classifies text", transformer(norm="post"), text(5, 7, 3, 1)),
        make_case("that classifies images", transformer(positions="rotary"), image(3, 4, 6)),
        make_case(
            "of values from images",
            transformer(activation="tanh", heads=4),
            regression([1, 4, 4], 2),
            "squared-error",
        ),
    ],
)
