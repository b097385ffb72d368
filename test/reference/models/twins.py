"""PyTorch twins of the architectures in src-main/learn/models, module by module.

Their `state_dict` names, shapes and order of `parameters()` are what the project promises to have.
"""

import torch
import torch.nn.functional as F
from torch import nn

activations = {
    "tanh": torch.tanh,
    "relu": F.relu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "logistic": torch.sigmoid,
    "identity": lambda x: x,
}


def answers_of(task):
    targets = task["targets"]
    return targets["perSample"] if targets["kind"] == "classes" else 1


class Mlp(nn.Module):
    def __init__(self, settings, task):
        super().__init__()
        self.settings, self.features = settings, task["features"]
        self.count = task["targets"]["count"]
        if self.features["kind"] == "tokens":
            inputs = self.features["length"] * self.features["vocabulary"]
        else:
            inputs = torch.Size(self.features["shape"]).numel()
        widths = [inputs, *settings["hidden"], self.count * answers_of(task)]
        self.layers = nn.ModuleList(
            nn.Linear(i, o, bias=settings["bias"]) for i, o in zip(widths, widths[1:])
        )

    def forward(self, x):
        if self.features["kind"] == "tokens":
            x = F.one_hot(x, self.features["vocabulary"]).to(self.layers[0].weight.dtype)
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            y = activations[self.settings["activation"]](layer(x))
            x = x + y if self.settings["residual"] and x.shape == y.shape else y
        return self.layers[-1](x).reshape(-1, self.count)


def channel_norm(kind, groups, channels):
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "none":
        return nn.Identity()
    return nn.GroupNorm(1 if kind == "layer" else groups, channels)


class Stage(nn.Module):
    def __init__(self, inputs, outputs, stride, settings):
        super().__init__()
        kernel, norm = settings["kernel"], settings["normalization"]
        bias = settings["bias"] and norm == "none"
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias=bias)
        self.norm = channel_norm(norm, settings["groups"], outputs)
        self.settings = settings

    def forward(self, x):
        x = activations[self.settings["activation"]](self.norm(self.conv(x)))
        pooling = self.settings["pooling"]
        if pooling == "none":
            return x
        return F.max_pool2d(x, 2) if pooling == "max" else F.avg_pool2d(x, 2)


class Cnn(nn.Module):
    def __init__(self, settings, task):
        super().__init__()
        self.settings = settings
        channels = [task["features"]["shape"][0], *settings["channels"]]
        self.stages = nn.ModuleList(
            Stage(i, o, stride, settings)
            for i, o, stride in zip(channels, channels[1:], settings["strides"])
        )
        with torch.no_grad():
            images = torch.zeros(2, *task["features"]["shape"])
            flat = self.images(images).shape[1]
        widths = [flat, *settings["hidden"], task["targets"]["count"]]
        self.layers = nn.ModuleList(
            nn.Linear(i, o, bias=settings["bias"]) for i, o in zip(widths, widths[1:])
        )

    def images(self, x):
        for stage in self.stages:
            x = stage(x)
        return x.mean((2, 3)) if self.settings["head"] == "average" else x.flatten(1)

    def forward(self, x):
        x = self.images(x)
        for layer in self.layers[:-1]:
            x = activations[self.settings["activation"]](layer(x))
        return self.layers[-1](x)


class BasicBlock(nn.Module):
    """As torchvision's, with the names and the order of its parts."""

    def __init__(self, inputs, outputs, stride, settings):
        super().__init__()
        norm, groups = settings["normalization"], settings["groups"]
        bias = norm == "none"
        self.act = activations[settings["activation"]]
        self.stride, self.missing = stride, outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=bias)
        self.bn1 = channel_norm(norm, groups, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=bias)
        self.bn2 = channel_norm(norm, groups, outputs)
        self.downsample = None
        if settings["shortcut"] == "projection" and (stride > 1 or inputs != outputs):
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=bias), channel_norm(norm, groups, outputs)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        if self.downsample is not None:
            x = self.downsample(x)
        elif self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.missing))
        return self.act(x + y)


class Resnet(nn.Module):
    def __init__(self, settings, task):
        super().__init__()
        stages, base = {"cifar": (3, 16), "imagenet": (4, 64)}[settings["variant"]]
        width = round(base * settings["widthMultiplier"])
        norm = settings["normalization"]
        self.act = activations[settings["activation"]]
        self.is_large = settings["stem"] == "large"
        kernel, stride = (7, 2) if self.is_large else (3, 1)
        inputs = task["features"]["shape"][0]
        self.conv1 = nn.Conv2d(inputs, width, kernel, stride, kernel // 2, bias=norm == "none")
        self.bn1 = channel_norm(norm, settings["groups"], width)
        self.stages, channels = [], width
        for stage in range(stages):
            blocks = []
            for index in range(settings["blocks"]):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(BasicBlock(channels, width * 2**stage, stride, settings))
                channels = width * 2**stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.stages.append(f"layer{stage + 1}")
        self.fc = nn.Linear(channels, task["targets"]["count"])

    def forward(self, x):
        x = self.act(self.bn1(self.conv1(x)))
        if self.is_large:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return self.fc(x.mean((2, 3)))


def rotate(x):
    """Rotary positions as Llama's `apply_rotary_pos_emb`; x is [batch, heads, time, d]."""
    time, size = x.shape[-2:]
    inverse = 1.0 / (10000 ** (torch.arange(0, size, 2, dtype=x.dtype) / size))
    angles = torch.outer(torch.arange(time, dtype=x.dtype), inverse)
    angles = torch.cat((angles, angles), dim=-1)
    halves = torch.cat((-x[..., size // 2 :], x[..., : size // 2]), dim=-1)
    return x * angles.cos() + halves * angles.sin()


class Attention(nn.Module):
    def __init__(self, settings, is_causal):
        super().__init__()
        width, bias = settings["width"], settings["bias"]
        self.settings, self.is_causal = settings, is_causal
        self.q_proj = nn.Linear(width, width, bias=bias)
        self.k_proj = nn.Linear(width, width, bias=bias)
        self.v_proj = nn.Linear(width, width, bias=bias)
        self.out_proj = nn.Linear(width, width, bias=bias)

    def forward(self, x):
        heads = self.settings["heads"]
        q, k, v = (
            part(x).unflatten(-1, (heads, -1)).transpose(1, 2)
            for part in (self.q_proj, self.k_proj, self.v_proj)
        )
        if self.settings["positions"] == "rotary":
            q, k = rotate(q), rotate(k)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, settings, is_causal):
        super().__init__()
        width, bias = settings["width"], settings["bias"]
        wide = round(settings["mlpRatio"] * width)
        self.settings = settings
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(settings, is_causal)
        self.norm2 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, wide, bias=bias)
        self.linear2 = nn.Linear(wide, width, bias=bias)

    def forward(self, x):
        act = activations[self.settings["activation"]]
        if self.settings["norm"] == "pre":
            x = x + self.attention(self.norm1(x))
            return x + self.linear2(act(self.linear1(self.norm2(x))))
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.linear2(act(self.linear1(x))))


class Transformer(nn.Module):
    def __init__(self, settings, task):
        super().__init__()
        features, targets = task["features"], task["targets"]
        width, self.settings = settings["width"], settings
        self.count, self.is_tokens = targets["count"], features["kind"] == "tokens"
        self.is_causal = answers_of(task) > 1
        if self.is_tokens:
            time = features["length"]
            self.tokens = nn.Embedding(features["vocabulary"], width)
        else:
            channels, rows, columns = features["shape"]
            patch = settings["patch"]
            time = rows // patch * (columns // patch)
            self.patches = nn.Linear(channels * patch**2, width, bias=settings["bias"])
        if settings["positions"] == "learned":
            self.positions = nn.Embedding(time, width)
        self.layers = nn.ModuleList(
            Layer(settings, self.is_causal) for _ in range(settings["layers"])
        )
        self.norm = nn.LayerNorm(width) if settings["norm"] == "pre" else nn.Identity()
        self.head = nn.Linear(width, self.count, bias=settings["bias"] and not self.is_causal)
        if self.is_causal and settings["tiedEmbeddings"]:
            self.head.weight = self.tokens.weight

    def forward(self, x):
        if self.is_tokens:
            x = self.tokens(x)
        else:
            x = self.patches(F.unfold(x, self.settings["patch"], stride=self.settings["patch"]).mT)
        if self.settings["positions"] == "learned":
            x = x + self.positions.weight
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x)
        if self.is_causal:
            return self.head(x).flatten(0, 1)
        return self.head(x.mean(1))


twins = {"mlp": Mlp, "cnn": Cnn, "resnet": Resnet, "transformer": Transformer}
