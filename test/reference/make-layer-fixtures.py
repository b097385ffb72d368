"""Writes layers/*.json: python make-layer-fixtures.py (torch).

One file a layer, with a list of cases. Every input is a multiple of 1/64, so float32 holds it exactly; golden numbers are
computed in float64. The scalar of a case is sum(readout * sin(output)): not linear in anything, so that its Hessian
over all float inputs together sees the second derivatives of the layer.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

folder = Path(__file__).parent / "layers"
folder.mkdir(exist_ok=True)


def normal(*shape):
    return torch.round(torch.randn(*shape) * 32).double() / 64


def positive(*shape):
    return normal(*shape).abs() + 0.5


def distinct(*shape):
    """No two equal entries: a maximum then has one derivative."""
    size = torch.Size(shape).numel()
    return ((torch.randperm(size) - size // 2).double() / 64).reshape(shape)


def indices(limit, *shape):
    return torch.randint(limit, shape)


def digits(tensor):
    return [float(f"{x:.13g}") for x in tensor.reshape(-1).tolist()]


def stored(tensor):
    if tensor.dtype == torch.int64:
        return {"dtype": "int32", "shape": list(tensor.shape), "data": tensor.reshape(-1).tolist()}
    return {"dtype": "float32", "shape": list(tensor.shape), "data": tensor.reshape(-1).tolist()}


def make_case(name, inputs, layer, options=None):
    """`layer` maps a dict of tensors to the output, or to the output and further results."""
    floats = [key for key, value in inputs.items() if value.dtype == torch.float64]
    leaves = {
        key: value.clone().requires_grad_() if key in floats else value
        for key, value in inputs.items()
    }
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        results = layer(leaves)
    results = results if isinstance(results, tuple) else (results,)
    readout = normal(*results[0].shape)
    scalar = (readout * torch.sin(results[0])).sum()
    variables = [leaves[key] for key in floats]
    gradient = torch.autograd.grad(scalar, variables, create_graph=True)
    vectors = [normal(*variable.shape) for variable in variables]
    slope = sum((g * v).sum() for g, v in zip(gradient, vectors))
    product = torch.autograd.grad(slope, variables)
    return {
        "name": name,
        "options": options or {},
        "inputs": {key: stored(value) for key, value in inputs.items()},
        "readout": stored(readout),
        "vectors": {key: stored(vector) for key, vector in zip(floats, vectors)},
        "results": [{"shape": list(r.shape), "data": digits(r.detach())} for r in results],
        "scalar": scalar.item(),
        "gradient": {key: digits(g.detach()) for key, g in zip(floats, gradient)},
        "product": {key: digits(p) for key, p in zip(floats, product)},
    }


def write(layer, cases):
    content = {"versions": {"torch": torch.__version__}, "cases": cases}
    (folder / f"{layer}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


def affine():
    layer = lambda p: F.linear(p["x"], p["weight"], p.get("bias"))
    x, weight, bias = normal(4, 3), normal(2, 3), normal(2)
    write(
        "affine",
        [
            make_case("with bias", {"x": x, "weight": weight, "bias": bias}, layer),
            make_case("without bias", {"x": x, "weight": weight}, layer),
            make_case("of rank 3", {"x": normal(2, 3, 3), "weight": weight, "bias": bias}, layer),
        ],
    )


def conv2d():
    def case(name, x, weight, has_bias, **window):
        inputs = {"x": x, "weight": weight}
        if has_bias:
            inputs["bias"] = normal(weight.shape[0])
        layer = lambda p: F.conv2d(p["x"], p["weight"], p.get("bias"), **window)
        return make_case(name, inputs, layer, window)

    write(
        "conv2d",
        [
            case("plain", normal(2, 2, 4, 5), normal(3, 2, 3, 2), True),
            case("without bias, one by one", normal(2, 3, 2, 3), normal(2, 3, 1, 1), False),
            case("with padding", normal(2, 2, 4, 3), normal(2, 2, 3, 3), True, padding=[1, 2]),
            case("with strides", normal(1, 2, 6, 5), normal(2, 2, 3, 3), True, stride=[2, 1], padding=[1, 1]),
            case("with strides that leave a rest", normal(1, 2, 6, 6), normal(2, 2, 2, 3), False, stride=[3, 2]),
            case("with dilation", normal(1, 2, 6, 5), normal(2, 2, 2, 3), True, dilation=[3, 2], padding=[1, 1]),
            case("with groups", normal(2, 4, 3, 4), normal(6, 2, 2, 2), True, groups=2),
            case("by channel", normal(2, 3, 4, 4), normal(3, 1, 3, 3), False, groups=3, padding=[1, 1]),
            case(
                "with everything",
                normal(2, 4, 6, 7),
                normal(2, 2, 2, 3),
                True,
                stride=[2, 2],
                padding=[1, 2],
                dilation=[2, 1],
                groups=2,
            ),
        ],
    )


def pooling():
    windows = [
        ("of windows that tile", (2, 2, 4, 6), {"kernel": [2, 3]}),
        ("of tiles that leave a rest", (1, 2, 5, 5), {"kernel": [2, 2]}),
        ("of padded tiles", (1, 2, 4, 5), {"kernel": [2, 3], "padding": [1, 1]}),
        ("of overlapping windows", (2, 2, 5, 6), {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1]}),
        ("of windows one step apart", (1, 2, 4, 4), {"kernel": [3, 2], "stride": [1, 1]}),
        ("of windows with gaps", (1, 2, 6, 7), {"kernel": [2, 1], "stride": [3, 2]}),
        ("of long windows in long steps", (1, 1, 9, 11), {"kernel": [5, 4], "stride": [2, 3], "padding": [2, 2]}),
        ("of the whole height", (1, 2, 4, 5), {"kernel": [4, 2], "stride": [1, 3]}),
    ]

    def make(kind, draw, pool):
        def case(name, shape, options):
            window = {
                "kernel_size": options["kernel"],
                "stride": options.get("stride"),
                "padding": options.get("padding", 0),
            }
            return make_case(name, {"x": draw(*shape)}, lambda p: pool(p["x"], **window), options)

        write(kind, [case(*window) for window in windows])

    make("average-pool", normal, F.avg_pool2d)
    make("max-pool", distinct, F.max_pool2d)
    write(
        "global-average-pool",
        [make_case("plain", {"x": normal(2, 3, 2, 4)}, lambda p: p["x"].mean((2, 3)))],
    )


def norms():
    layer = lambda p: F.layer_norm(p["x"], p["x"].shape[-1:], p.get("weight"), p.get("bias"))
    scale = {"weight": positive(5), "bias": normal(5)}
    write(
        "layer-norm",
        [
            make_case("with scale and shift", {"x": normal(3, 5), **scale}, layer),
            make_case("of rank 3", {"x": normal(2, 2, 5), **scale}, layer),
            make_case("alone", {"x": normal(3, 4)}, layer),
        ],
    )

    def group(name, x, groups, has_scale):
        inputs = {"x": x}
        if has_scale:
            inputs |= {"weight": positive(x.shape[1]), "bias": normal(x.shape[1])}
        layer = lambda p: F.group_norm(p["x"], groups, p.get("weight"), p.get("bias"))
        return make_case(name, inputs, layer, {"groups": groups})

    write(
        "group-norm",
        [
            group("of two groups", normal(2, 4, 2, 3), 2, True),
            group("of one group", normal(2, 3, 2, 2), 1, True),
            group("of single channels", normal(2, 3, 2, 2), 3, False),
            group("without positions", normal(3, 6), 2, True),
        ],
    )

    def training(p):
        x = p["x"]
        axes = [axis for axis in range(x.dim()) if axis != 1]
        output = F.batch_norm(x, None, None, p.get("weight"), p.get("bias"), training=True)
        return output, x.mean(axes), x.var(axes, unbiased=False)

    def evaluation(p):
        return F.batch_norm(p["x"], p["mean"].detach(), p["variance"].detach(), p["weight"], p["bias"])

    scale = {"weight": positive(3), "bias": normal(3)}
    write(
        "batch-norm",
        [
            make_case("in training", {"x": normal(3, 3, 2, 2), **scale}, training),
            make_case("in training, without positions", {"x": normal(6, 3)}, training),
        ],
    )
    # The statistics are constants of the map: whole numbers of the fixture, not variables.
    statistics = {"mean": normal(3), "variance": positive(3)}
    fixed = lambda p: evaluation({**p, **statistics})
    case = make_case("in evaluation", {"x": normal(2, 3, 2, 2), **scale}, fixed)
    case["constants"] = {key: stored(value) for key, value in statistics.items()}
    write("batch-norm-with-statistics", [case])


def attention():
    def case(name, batch, time, width, heads, is_causal, has_bias=True, has_mask=False):
        inputs = {
            "x": normal(batch * time, width) * 2,
            "in_proj_weight": normal(3 * width, width),
            "out_proj_weight": normal(width, width),
        }
        if has_bias:
            inputs |= {"in_proj_bias": normal(3 * width), "out_proj_bias": normal(width)}
        mask = torch.randint(2, (batch, heads, time, time)).double() * 2
        if has_mask:
            mask[..., 0] = 2

        def spelled_out(p):
            projected = F.linear(p["x"], p["in_proj_weight"], p.get("in_proj_bias"))
            q, k, v = projected.reshape(batch, time, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
            if is_causal:
                later = torch.ones(time, time).triu(1).bool()
                scores = scores.masked_fill(later, -torch.inf)
            mixed = (torch.softmax(scores, -1) * mask) @ v
            flat = mixed.transpose(1, 2).reshape(batch * time, width)
            return F.linear(flat, p["out_proj_weight"], p.get("out_proj_bias"))

        def torch_own(p):
            x = p["x"].reshape(batch, time, width).transpose(0, 1)
            later = torch.ones(time, time).triu(1).bool() if is_causal else None
            output, _ = F.multi_head_attention_forward(
                x, x, x, width, heads,
                p["in_proj_weight"], p.get("in_proj_bias"), None, None, False, 0.0,
                p["out_proj_weight"], p.get("out_proj_bias"), attn_mask=later,
            )
            return output.transpose(0, 1).reshape(batch * time, width)

        options = {"batchSize": batch, "heads": heads, "isCausal": is_causal}
        made = make_case(name, inputs, spelled_out if has_mask else torch_own, options)
        if has_mask:
            made["constants"] = {"dropoutMask": stored(mask)}
        return made

    write(
        "attention",
        [
            case("full", 2, 3, 4, 2, False),
            case("causal", 2, 4, 4, 2, True),
            case("with one head, without bias", 2, 3, 3, 1, False, has_bias=False),
            case("with a dropout mask", 2, 3, 4, 2, True, has_mask=True),
        ],
    )


def tables():
    # Each index set holds a repeated entry: its gradients add up.
    repeated = torch.tensor([[0, 3, 3], [1, 0, 3]])
    write(
        "embedding",
        [
            make_case(
                "by a table of indices",
                {"weight": normal(5, 3), "indices": repeated},
                lambda p: F.embedding(p["indices"], p["weight"]),
            ),
            make_case(
                "by a list of indices",
                {"weight": normal(4, 2), "indices": indices(4, 6)},
                lambda p: F.embedding(p["indices"], p["weight"]),
            ),
        ],
    )

    def positional(p):
        x, table = p["x"], p["weight"]
        return (x.reshape(2, 3, 4) + table[:3]).reshape(6, 4)

    write(
        "positional-embedding",
        [
            make_case("of the whole context", {"x": normal(6, 4), "weight": normal(3, 4)}, positional, {"time": 3}),
            make_case("of a part of the context", {"x": normal(6, 4), "weight": normal(5, 4)}, positional, {"time": 3}),
        ],
    )


for seed, make in enumerate([affine, conv2d, pooling, norms, attention, tables]):
    torch.manual_seed(seed)
    make()
