"""Writes datasets/: python make-dataset-fixtures.py (numpy, pillow, pyarrow).

Tiny files in the exact layout of the published data sets; run twice it gives equal bytes on one machine.
"""

import gzip
import io
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import PIL
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

here = Path(__file__).parent / "datasets"
here.mkdir(exist_ok=True)
versions = {"numpy": np.__version__, "pillow": PIL.__version__, "pyarrow": pa.__version__}


class Python2Pickler(pickle._Pickler):
    """Writes bytes and texts as Python 2 wrote its strings: the form CIFAR is published in."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode("latin1") if isinstance(value, str) else value
        if len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            self.write(pickle.BINSTRING + len(data).to_bytes(4, "little") + data)
        self.memoize(value)

    dispatch[bytes] = save_string
    dispatch[str] = save_string


def dump_python2(value):
    out = io.BytesIO()
    Python2Pickler(out, protocol=2).dump(value)
    return out.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def smooth(count, channels, height, width, seed):
    """Pictures of low noise, so that the files are small: uint8 [count, channels, height, width]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        128 + 90 * np.sin(x / (3 + rng.uniform(0, 8)) + y / (3 + rng.uniform(0, 8)) + rng.uniform(0, 6))
        for _ in range(count * channels)
    ]
    return np.round(waves).clip(0, 255).astype(np.uint8).reshape(count, channels, height, width)


def add(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def write_tar_gz(path, files):
    """With a folder entry first, as the published archives have."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        folder = tarfile.TarInfo(next(iter(files)).split("/")[0])
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            add(archive, name, data)
    path.write_bytes(gzip.compress(raw.getvalue(), mtime=0))


def make_cifar10():
    names = "airplane automobile bird cat deer dog frog horse ship truck".split()
    batches = {f"data_batch_{i + 1}": (smooth(2, 3, 32, 32, i), [i, 9 - i]) for i in range(5)}
    batches["test_batch"] = (smooth(3, 3, 32, 32, 9), [3, 8, 0])
    binary, python = {}, {}
    for name, (pictures, labels) in batches.items():
        rows = pictures.reshape(len(labels), -1)
        binary[f"cifar-10-batches-bin/{name}.bin"] = b"".join(
            bytes([label]) + row.tobytes() for label, row in zip(labels, rows)
        )
        python[f"cifar-10-batches-py/{name}"] = dump_python2(
            {
                "batch_label": f"training batch of {name}",
                "labels": labels,
                "data": rows,
                "filenames": [f"leptodactylus_s_{i:06}.png" for i in range(len(labels))],
            }
        )
    binary["cifar-10-batches-bin/batches.meta.txt"] = ("\n".join(names) + "\n\n").encode()
    python["cifar-10-batches-py/batches.meta"] = dump_python2(
        {"num_cases_per_batch": 2, "label_names": names, "num_vis": 3072}
    )
    write_tar_gz(here / "cifar-10-binary.tar.gz", binary)
    write_tar_gz(here / "cifar-10-python.tar.gz", python)
    expected = {
        name: {"labels": labels, "sum": int(pictures.sum()), "start": pictures[1].ravel()[1020:1030].tolist()}
        for name, (pictures, labels) in batches.items()
    }
    (here / "cifar-10.json").write_text(json.dumps({"versions": versions, "batches": expected}) + "\n")


def make_cifar100():
    fine = [f"fine {i}" for i in range(100)]
    coarse = [f"coarse {i}" for i in range(20)]
    binary, python = {}, {}
    for part, seed, labels in [("train", 20, [99, 1, 40]), ("test", 21, [7, 63])]:
        rows = smooth(len(labels), 3, 32, 32, seed).reshape(len(labels), -1)
        groups = [label // 5 for label in labels]
        binary[f"cifar-100-binary/{part}.bin"] = b"".join(
            bytes([group, label]) + row.tobytes() for group, label, row in zip(groups, labels, rows)
        )
        python[f"cifar-100-python/{part}"] = dump_python2(
            {
                "filenames": [f"{part}_{i}.png" for i in range(len(labels))],
                "batch_label": f"{part}ing batch 1 of 1",
                "fine_labels": labels,
                "coarse_labels": groups,
                "data": rows,
            }
        )
    binary["cifar-100-binary/fine_label_names.txt"] = ("\n".join(fine) + "\n").encode()
    binary["cifar-100-binary/coarse_label_names.txt"] = ("\n".join(coarse) + "\n").encode()
    python["cifar-100-python/meta"] = dump_python2(
        {"fine_label_names": fine, "coarse_label_names": coarse}
    )
    write_tar_gz(here / "cifar-100-binary.tar.gz", binary)
    write_tar_gz(here / "cifar-100-python.tar.gz", python)


def make_pickles():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    value = {"data": array, "columns": np.asfortranarray(array), "labels": [1, -2, 300, 70000, 2**40], "x": None}
    value |= {"tuple": (1, (2, 3), (), (4, 5, 6, 7)), "text": "häß", "bytes": b"\x00\xff", "real": 0.5, "yes": True}
    for protocol in [2, 3, 4]:
        (here / f"protocol-{protocol}.pickle").write_bytes(pickle.dumps(value, protocol=protocol))
    value["text"] = "plain"
    (here / "python-2.pickle").write_bytes(dump_python2(value))
    (here / "code.pickle").write_bytes(pickle.dumps(io.BytesIO, protocol=2))
    (here / "floats.pickle").write_bytes(pickle.dumps(np.ones(3), protocol=2))


def resize_and_crop(image, shorter_side, size):
    """What torchvision's Resize (bilinear, antialiased) and CenterCrop do to a PIL image."""
    image = image.convert("RGB")
    width, height = image.size
    if width <= height:
        new = (shorter_side, int(shorter_side * height / width))
    else:
        new = (int(shorter_side * width / height), shorter_side)
    image = image.resize(new, Image.BILINEAR)
    left, top = int(round((new[0] - size) / 2.0)), int(round((new[1] - size) / 2.0))
    return np.asarray(image.crop((left, top, left + size, top + size))).transpose(2, 0, 1)


def encode(array, kind, **options):
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind, **options)
    return out.getvalue()


def make_images():
    folder = here / "images"
    folder.mkdir(exist_ok=True)
    wide = smooth(1, 3, 48, 80, 30)[0].transpose(1, 2, 0)
    tall = smooth(1, 3, 70, 40, 31)[0].transpose(1, 2, 0)
    grey = smooth(1, 1, 40, 40, 32)[0, 0]
    opaque = np.dstack([tall, np.full(tall.shape[:2], 255, np.uint8)])
    files = {
        "wide.jpg": encode(wide, "JPEG", quality=95, subsampling=0),
        "tall.png": encode(tall, "PNG"),
        "grey.jpeg": encode(grey, "JPEG", quality=95),
        "opaque.png": encode(opaque, "PNG"),
        "wide.webp": encode(wide, "WEBP", lossless=True),
    }
    expected = {}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        expected[name] = [
            resize_and_crop(Image.open(io.BytesIO(data)), shorter, 16).ravel().tolist()
            for shorter in (16, 24)
        ]
    (here / "images.json").write_text(json.dumps({"versions": versions, "images": expected}, separators=(",", ":")) + "\n")


def make_shards():
    """As webdataset writes them: a time stamp that needs an extended header before each member."""
    pictures = smooth(4, 3, 20, 20, 40).transpose(0, 2, 3, 1)
    with tarfile.open(here / "shard-train-000.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for i, label in enumerate([2, 0, 1, 2]):
            name = f"{'long-folder/' * 12}sample{i:04}"
            for ending, data in [("cls", str(label).encode()), ("png", encode(pictures[i], "PNG"))]:
                info = tarfile.TarInfo(f"{name}.{ending}")
                info.size = len(data)
                info.mtime = 1700000000.25
                archive.addfile(info, io.BytesIO(data))
    with tarfile.open(here / "shard-val-000.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for i, label in enumerate([1, 0]):
            name = f"{'long-folder/' * 12}sample{i:04}"
            add(archive, f"{name}.jpg", encode(pictures[i], "JPEG", quality=95))
            add(archive, f"{name}.json", json.dumps({"label": label, "name": "x"}).encode())
    (here / "shards.json").write_text(
        json.dumps({"pictures": pictures.transpose(0, 3, 1, 2)[:, :, 5, :].ravel().tolist()}) + "\n"
    )


def make_parquet():
    rng = np.random.default_rng(50)
    n = 60
    table = pa.table(
        {
            "a": pa.array(rng.normal(size=n)),
            "b": pa.array(np.arange(n, dtype=np.int64) - 30),
            "c": pa.array(rng.normal(size=n).astype(np.float32)),
            "name": pa.array([f"row {i}" for i in range(n)]),
            "label": pa.array(np.arange(n, dtype=np.int32) % 3),
            "y": pa.array(rng.normal(size=n)),
        }
    )
    for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        pq.write_table(table, here / f"table-{codec}.parquet", compression=codec, row_group_size=25)
    pq.write_table(table, here / "table-v2.parquet", data_page_version="2.0", row_group_size=25)
    hole = table.set_column(0, "a", pa.array([None if i == 41 else float(i) for i in range(n)]))
    pq.write_table(hole, here / "table-null.parquet", row_group_size=25)
    (here / "table.json").write_text(
        json.dumps({key: table[key].to_pylist() for key in ["a", "b", "c", "label", "y"]}) + "\n"
    )
    pictures = smooth(5, 3, 12, 12, 51).transpose(0, 2, 3, 1)
    images = pa.array(
        [{"bytes": encode(picture, "PNG"), "path": f"{i}.png"} for i, picture in enumerate(pictures)],
        type=pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    )
    pq.write_table(pa.table({"image": images, "label": pa.array([0, 1, 3, 1, 0])}), here / "images.parquet")
    (here / "images-parquet.json").write_text(
        json.dumps({"pictures": pictures.transpose(0, 3, 1, 2).ravel().tolist()}, separators=(",", ":")) + "\n"
    )


make_cifar10()
make_cifar100()
make_pickles()
make_images()
make_shards()
make_parquet()
