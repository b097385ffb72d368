"""PyTorch's side of `saddle bench --peers`: answers JSON lines on standard input until it ends.

{"prepare": {...}}                                    builds a network, its loss, gradient and one product by each way
{"run": work, "rows": K, "warm": w, "repeat": n}      does a work w times untimed and n times timed
{"solve": solver, "results": file, ...settings}       the largest eigenvalues by a library, once, timed
{"density": solver, "results": file, ...settings}     nodes and weights of a density by a library, once, timed
{"spectrum": {"results": file}}                       all eigenvalues in float64

A work is `double-backward` (the graph of the gradient is kept and not counted), `linearize` (torch.func.linearize of
the gradient, not counted, evaluated for each vector), `vmap` (K vectors at once by torch.func.vmap over jvp of the
gradient), `step` (forward, backward, torch.optim.SGD with momentum), `runs` (one step in each of K separate runs, one
after another) or `gemm` (a product of two square matrices of K rows).
"""

import gc
import json
import os
import sys
import time
import warnings

sys.dont_write_bytecode = True
replies = os.fdopen(os.dup(1), "w", buffering=1)
sys.stdout = sys.stderr  # what a library prints must not come between the replies
warnings.simplefilter("ignore")  # the last on standard error is shown if this process fails


def reply(message):
    replies.write(json.dumps(message) + "\n")


try:
    import numpy
    import torch

    from networks import networks
    from solvers import density_solvers, eigenvalue_solvers, exact_spectrum, library_versions

    torch.func.linearize
except Exception as error:  # whatever keeps PyTorch from loading, the caller hears it
    reply({"missing": f"{type(error).__name__}: {error}"})
    sys.exit(0)

dtypes = {"float32": numpy.float32, "int32": numpy.int32}


class Workload:
    """One network with its batch; what a way keeps between runs is made at its first use."""

    def __init__(self, message):
        buffer = numpy.fromfile(message["file"], dtype=numpy.uint8)
        offset = 0

        def take(shape, dtype="float32"):
            nonlocal offset
            size = int(numpy.prod(shape)) * 4
            array = buffer[offset : offset + size].view(dtypes[dtype]).reshape(shape)
            offset += size
            return torch.from_numpy(array.copy())

        settings = message["network"]
        network = networks[settings["kind"]]
        self.shapes = message["parameters"]
        self.parameters = tuple(take(shape) for shape in self.shapes)
        features, targets, _weights = [take(t["shape"], t["dtype"]) for t in message["batch"]]
        self.direction = tuple(take(shape) for shape in self.shapes)
        self.batch = (features, targets.argmax(1))
        self.size = sum(tensor.numel() for tensor in self.parameters)
        self.network = lambda parameters, batch: network(settings, parameters, batch)
        self.loss = lambda *parameters: self.network(parameters, self.batch)
        self.gradient = torch.func.grad(self.loss, argnums=tuple(range(len(self.shapes))))
        self.learning_rate = message["learningRate"]
        self.momentum = message["momentum"]
        self.kept = {}

    def keep(self, name, make):
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def leaves(self):
        return [tensor.clone().requires_grad_() for tensor in self.parameters]

    def gradient_graph(self):
        leaves = self.leaves()
        return torch.autograd.grad(self.loss(*leaves), leaves, create_graph=True), leaves

    def linear_gradient(self):
        return torch.func.linearize(self.gradient, *self.parameters)[1]

    def trainer(self):
        leaves = self.leaves()
        return leaves, torch.optim.SGD(leaves, lr=self.learning_rate, momentum=self.momentum)

    def double_backward(self, vectors):
        gradients, leaves = self.keep("graph", self.gradient_graph)
        return [
            torch.autograd.grad(gradients, leaves, grad_outputs=vector, retain_graph=True)
            for vector in vectors
        ]

    def linearize(self, vectors):
        tangent = self.keep("linear", self.linear_gradient)
        return [tangent(*vector) for vector in vectors]

    def vmap(self, block):
        return torch.func.vmap(
            lambda *v: torch.func.jvp(self.gradient, self.parameters, v)[1]
        )(*block)

    def step(self, trainer):
        leaves, optimizer = trainer
        optimizer.zero_grad()
        self.loss(*leaves).backward()
        optimizer.step()

    def vectors(self, rows):
        make = lambda: [tuple(torch.randn(s) for s in self.shapes) for _ in range(rows)]
        return self.keep(f"vectors {rows}", make)

    def block(self, rows):
        return self.keep(f"block {rows}", lambda: [torch.randn(rows, *s) for s in self.shapes])

    def work(self, name, rows):
        if name == "double-backward":
            return lambda: self.double_backward(self.vectors(rows))
        if name == "linearize":
            return lambda: self.linearize(self.vectors(rows))
        if name == "vmap":
            return lambda: self.vmap(self.block(rows))
        if name == "step":
            trainer = self.keep("trainer", self.trainer)
            return lambda: self.step(trainer)
        if name == "runs":
            trainers = self.keep(f"runs {rows}", lambda: [self.trainer() for _ in range(rows)])
            return lambda: [self.step(trainer) for trainer in trainers]
        raise ValueError(f"unknown work {name}")

    def figures(self, file):
        """Loss, and gradient and product by each way in a file; a way that fails gives its error."""
        gradient = [tensor.detach() for tensor in self.keep("graph", self.gradient_graph)[0]]
        vector = self.direction
        block = [tensor.unsqueeze(0) for tensor in vector]
        ways = {
            "double-backward": lambda: self.double_backward([vector])[0],
            "linearize": lambda: self.linearize([vector])[0],
            "vmap": lambda: [tensor.squeeze(0) for tensor in self.vmap(block)],
        }
        failures = {}
        with open(file, "wb") as out:
            write = lambda tensors: [t.detach().numpy().tofile(out) for t in map(dense, tensors)]
            write(gradient)
            for name, way in ways.items():
                try:
                    write(way())
                except Exception as error:
                    failures[name] = f"{type(error).__name__}: {error}"
        loss = float(self.loss(*self.parameters))
        return {"loss": loss, "failures": failures}


def dense(tensor):
    return tensor.contiguous().to(torch.float32)


def gemm(rows, kept={}):
    if rows not in kept:
        kept[rows] = [torch.randn(rows, rows) for _ in range(2)] + [torch.empty(rows, rows)]
    left, right, out = kept[rows]
    return lambda: torch.mm(left, right, out=out)


def timed(work, warm, repeat):
    for _ in range(warm):
        work()
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) * 1e3


def timed_run(run):
    start = time.perf_counter()
    first, second, products = run()
    ms = (time.perf_counter() - start) * 1e3
    arrays = [numpy.asarray(part, dtype=numpy.float64) for part in (first, second)]
    if not all(numpy.isfinite(array).all() for array in arrays):
        raise ArithmeticError("the result is not finite")
    return *arrays, {"ms": ms, "products": products}


def solve(message, workload):
    values, vectors, found = timed_run(eigenvalue_solvers[message["solve"]](workload, message))
    # ARPACK gives ascending values, power iteration those of largest magnitude.
    order = numpy.argsort(-values)
    vectors[order].astype(numpy.float32).tofile(message["results"])
    return {"solved": {**found, "values": [float(value) for value in values[order]]}}


def density(message, workload):
    nodes, weights, found = timed_run(density_solvers[message["density"]](workload, message))
    numpy.stack([nodes, weights]).tofile(message["results"])
    return {"density": {**found, "probes": len(nodes), "steps": nodes.shape[1]}}


def answer(message, current):
    if "prepare" in message:
        current.clear()
        gc.collect()
        current["workload"] = Workload(message["prepare"])
        return {"prepared": current["workload"].figures(message["prepare"]["results"])}
    try:
        if "solve" in message:
            return solve(message, current["workload"])
        if "density" in message:
            return density(message, current["workload"])
    except ImportError as error:
        return {"absent": str(error)}
    if "spectrum" in message:
        exact_spectrum(current["workload"]).tofile(message["spectrum"]["results"])
        return {"spectrum": {"size": current["workload"].size}}
    name, rows = message["run"], message["rows"]
    work = gemm(rows) if name == "gemm" else current["workload"].work(name, rows)
    return {"ms": timed(work, message["warm"], message["repeat"])}


def serve():
    threads = torch.get_num_threads()
    python = ".".join(map(str, sys.version_info[:3]))
    libraries = library_versions()
    versions = {"python": python, "torch": torch.__version__, "threads": threads}
    reply({"ready": {**versions, "libraries": libraries}})
    current = {}
    for line in sys.stdin:
        try:
            reply(answer(json.loads(line), current))
        except Exception as error:
            reply({"error": f"{type(error).__name__}: {error}"})


serve()
