"""The networks of Saddle's standard workloads as plain PyTorch functions.

Each function takes its settings, the parameters in Saddle's order and the inputs of the batch, and returns the
scalar mean loss. Attention is written with matmul and softmax: the fused kernels have no double backward.
"""

import math

import torch
import torch.nn.functional as F


def perceptron(settings, parameters, batch):
    """Fully connected layers with biases; tanh after all but the last."""
    values, labels = batch
    layers = len(parameters) // 2
    for layer in range(layers):
        values = F.linear(values, parameters[2 * layer], parameters[2 * layer + 1])
        if layer < layers - 1:
            values = torch.tanh(values)
    return F.cross_entropy(values, labels)


def convolutional(settings, parameters, batch):
    """3x3 convolutions without biases, tanh after each, global average pooling, a linear head without bias."""
    values, labels = batch
    *kernels, head = parameters
    for kernel, stride in zip(kernels, settings["strides"]):
        values = torch.tanh(F.conv2d(values, kernel, stride=stride, padding=1))
    return F.cross_entropy(F.linear(values.mean((2, 3)), head), labels)


def residual(settings, parameters, batch):
    """ResNet in the CIFAR layout with group norm, and a 1x1 convolution where a shortcut changes shape."""
    values, labels = batch
    following = iter(parameters)
    groups = settings["groups"]

    def normalized_convolution(x, stride, padding):
        x = F.conv2d(x, next(following), stride=stride, padding=padding)
        return F.group_norm(x, groups, next(following), next(following))

    values = F.relu(normalized_convolution(values, 1, 1))
    for stride in settings["strides"]:
        inner = F.relu(normalized_convolution(values, stride, 1))
        inner = normalized_convolution(inner, 1, 1)
        shortcut = values if stride == 1 else normalized_convolution(values, stride, 0)
        values = F.relu(inner + shortcut)
    pooled = values.mean((2, 3))
    return F.cross_entropy(F.linear(pooled, next(following), next(following)), labels)


def transformer(settings, parameters, batch):
    """Decoder with learned positions, pre-layer-norm, causal attention, exact GELU and an untied head."""
    tokens, labels = batch
    following = iter(parameters)
    heads = settings["heads"]
    tokens = tokens.long()
    count, length = tokens.shape

    def layer_norm(x):
        return F.layer_norm(x, x.shape[-1:], next(following), next(following))

    def linear(x):
        return F.linear(x, next(following), next(following))

    def split(x):
        return x.reshape(count, length, heads, -1).transpose(1, 2)

    hidden = F.embedding(tokens, next(following)) + next(following)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    for _ in range(settings["layers"]):
        normal = layer_norm(hidden)
        query, key, value = map(split, linear(normal).chunk(3, -1))
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        weights = scores.masked_fill(future, -math.inf).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).reshape(count, length, -1)
        hidden = hidden + linear(mixed)
        hidden = hidden + linear(F.gelu(linear(layer_norm(hidden))))
    logits = F.linear(layer_norm(hidden), next(following))
    return F.cross_entropy(logits.reshape(count * length, -1), labels)


networks = {
    "perceptron": perceptron,
    "convolutional": convolutional,
    "residual": residual,
    "transformer": transformer,
}
