"""Writes text/*: python make-text-fixtures.py (numpy, scipy, tokenizers).

corpus.train.txt, corpus.valid.txt  a small text in the form of WikiText, with what a splitter may get wrong
words.json                          its words by Python's str.split, with <eos> at the end of each line
bpe.json, marked.json                tokenizers trained on it: byte-level BPE as GPT-2's; BPE on ▁words, with <unk>
tokens.json                         the ids of both by the library that made them, line by line
sphere.npy                          float32 [2000, 6]: normals divided by their length
dimensions.json                     TwoNN and Levina–Bickel of the sphere, from SciPy's k-d tree, in float64
"""

import json
from pathlib import Path

import numpy as np
import scipy
import tokenizers
from scipy.spatial import cKDTree
from scipy.stats import chi2
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

folder = Path(__file__).parent / "text"
folder.mkdir(exist_ok=True)

subjects = ["the surface", "a saddle", "the valley", "an old map", "the river", "a ridge", "the number 42"]
verbs = ["falls", "rises", "bends", "<unk>", "leads", "returns", "is drawn"]
places = ["to the sea", "in the north", "by 3 @.@ 14 degrees", "and back", "over the naïve plain", "at 数学", "— slowly"]


def sentence(rng):
    return " ".join(str(rng.choice(part)) for part in (subjects, verbs, places)) + " ."


def corpus(rng, lines):
    text = []
    for i in range(lines):
        if i % 12 == 0:
            text += [" \n", f" = Chapter {i // 12 + 1} = \n", " \n"]
        text.append(" " + " ".join(sentence(rng) for _ in range(rng.integers(1, 4))) + " \n")
    # Spaces that Python splits at: no-break, tabulator, ideographic, unit separator; a carriage return.
    text.append("one\u00a0two\tthree\u3000four\x1ffive six\r\n\n")
    text.append("emoji 🙂🙃 and a last line without an end")
    return "".join(text)


rng = np.random.default_rng(7)
texts = {"train": corpus(rng, 60), "valid": corpus(rng, 12) + " unheard words"}
for part, text in texts.items():
    (folder / f"corpus.{part}.txt").write_bytes(text.encode())


def lines_of(text):
    return text.removesuffix("\n").split("\n")


words = {part: [word for line in lines_of(text) for word in [*line.split(), "<eos>"]] for part, text in texts.items()}
(folder / "words.json").write_text(json.dumps(words, ensure_ascii=False) + "\n")

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bpe.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
bpe.train_from_iterator(
    [texts["train"]],
    trainers.BpeTrainer(vocab_size=360, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False),
)
marked = Tokenizer(models.BPE(unk_token="<unk>"))
marked.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
marked.pre_tokenizer = pre_tokenizers.Metaspace()
marked.decoder = decoders.Metaspace()
marked.train_from_iterator(
    [texts["train"].encode("ascii", "ignore").decode()],
    trainers.BpeTrainer(vocab_size=160, special_tokens=["<unk>"], show_progress=False),
)
golden = {"version": tokenizers.__version__}
for name, tokenizer in (("bpe", bpe), ("marked", marked)):
    tokenizer.save(str(folder / f"{name}.json"))
    golden[name] = {}
    for part, text in texts.items():
        pieces = [line + "\n" for line in lines_of(text)]
        if not text.endswith("\n"):
            pieces[-1] = pieces[-1][:-1]
        golden[name][part] = [i for piece in pieces for i in tokenizer.encode(piece, add_special_tokens=False).ids]
(folder / "tokens.json").write_text(json.dumps(golden) + "\n")

points = np.random.default_rng(0).standard_normal((2000, 6))
points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
np.save(folder / "sphere.npy", points)
distances = cKDTree(points.astype(float)).query(points.astype(float), k=21)[0][:, 1:]
logs = np.log(distances[:, 1] / distances[:, 0])
n = len(points)
inverses = [
    np.mean([np.log(distances[:, k - 1] / distances[:, j - 1]) for j in range(1, k)]) for k in range(10, 21)
]
covariance = np.linalg.eigvalsh(np.cov(points.astype(float).T, bias=True))
(folder / "dimensions.json").write_text(
    json.dumps(
        {
            "version": scipy.__version__,
            "twoNn": (n - 1) / logs.sum(),
            "interval": [chi2.ppf(q, 2 * n) / (2 * logs.sum()) for q in (0.025, 0.975)],
            "levinaBickel": 1 / np.mean(inverses),
            "participationRatio": covariance.sum() ** 2 / (covariance**2).sum(),
        }
    )
    + "\n"
)
