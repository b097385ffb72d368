"""Parameters and samples that both sides compute from one hash, as numbers that float32 holds exactly."""

import numpy
import torch


def hashes(seed, count):
    """MurmurHash3's finalizer of seed·0x9E3779B1 + i, as 20 bits."""
    h = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(seed) * numpy.uint64(0x9E3779B1)
    mask = numpy.uint64(0xFFFFFFFF)
    h &= mask
    h ^= h >> numpy.uint64(16)
    h = (h * numpy.uint64(0x85EBCA6B)) & mask
    h ^= h >> numpy.uint64(13)
    h = (h * numpy.uint64(0xC2B2AE35)) & mask
    h ^= h >> numpy.uint64(16)
    return h >> numpy.uint64(12)


def numbers(seed, *shape):
    """Multiples of 2^-20 in [-1/2, 1/2)."""
    count = torch.Size(shape).numel()
    return torch.from_numpy(hashes(seed, count).astype(numpy.float64) / 2**20 - 0.5).reshape(shape)


def integers(seed, limit, *shape):
    count = torch.Size(shape).numel()
    return torch.from_numpy((hashes(seed, count) % numpy.uint64(limit)).astype(numpy.int64)).reshape(shape)


def fill(model):
    """Weights of about the size that keeps activations of one size, by powers of 2; scales near 1."""
    with torch.no_grad():
        for index, (name, value) in enumerate(model.named_parameters()):
            drawn = numbers(1000 + index, *value.shape)
            if value.dim() > 1:
                fan = value[0].numel()
                value.copy_(drawn * 2.0 ** (2 - (fan.bit_length() // 2)))
            else:
                value.copy_(drawn / 2 + (1 if name.endswith("weight") else 0))
        fill_statistics(model)


def fill_statistics(model):
    with torch.no_grad():
        for index, (name, value) in enumerate(statistics(model)):
            value.copy_(numbers(2000 + index, *value.shape) / 2 + (1 if "var" in name else 0))


def statistics(model):
    return [(n, b) for n, b in model.named_buffers() if not n.endswith("num_batches_tracked")]


def features_of(task, count, seed):
    spec = task["features"]
    if spec["kind"] == "tokens":
        return integers(seed, spec["vocabulary"], count, spec["length"])
    return 4 * numbers(seed, count, *spec["shape"])
