"""Eigenvalue and density solvers of other libraries on one workload, each with the product its library uses.

A solver takes a workload and the settings of the request and returns a function that runs once and gives its values,
vectors `[k, n]` and number of products; what a library builds once for a network is built before that. A library that
cannot be imported raises ImportError, and the caller hears its name.
"""

import importlib.metadata

import numpy
import torch

distributions = {
    "curvlinops": "curvlinops-for-pytorch",
    "hessian-eigenthings": "hessian-eigenthings",
    "pyhessian": "pyhessian",
    "scipy": "scipy",
}


def library_versions():
    """The installed version of each library by name; null where there is none."""

    def version(distribution):
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return None

    return {name: version(distribution) for name, distribution in distributions.items()}


class LossModule(torch.nn.Module):
    """A network whose output is its loss: the labels are kept, since libraries hand over the features alone."""

    def __init__(self, workload):
        super().__init__()
        self.values = torch.nn.ParameterList([tensor.clone() for tensor in workload.parameters])
        self.network = workload.network
        self.labels = workload.batch[1]

    def forward(self, features):
        return self.network(tuple(self.values), (features, self.labels))


class OutputItself(torch.nn.Module):
    """The loss of a network whose output is its loss."""

    reduction = "mean"

    def forward(self, output, target):
        return output


def flat(tensors):
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


class Counted:
    """A product of a flat vector and how often it was taken."""

    def __init__(self, product):
        self.product = product
        self.products = 0

    def __call__(self, vector):
        self.products += 1
        return self.product(vector)


def graph_product(workload):
    """PyTorch's double backward over a graph of the gradient that is kept."""
    gradients, leaves = workload.keep("graph", workload.gradient_graph)
    sizes = [leaf.numel() for leaf in leaves]

    def product(vector):
        parts = [
            part.reshape(leaf.shape) for part, leaf in zip(torch.as_tensor(vector).split(sizes), leaves)
        ]
        return flat(torch.autograd.grad(gradients, leaves, grad_outputs=parts, retain_graph=True))

    return product


def curvlinops_operator(workload):
    from curvlinops import HessianLinearOperator

    model = LossModule(workload)
    return HessianLinearOperator(
        model,
        OutputItself(),
        list(model.parameters()),
        [workload.batch],
        check_deterministic=False,
    )


def curvlinops_product(workload):
    operator = workload.keep("curvlinops", lambda: curvlinops_operator(workload))
    return lambda vector: (operator @ torch.as_tensor(vector)).detach()


def eigenthings_operator(workload):
    from hessian_eigenthings import HessianOperator

    model = LossModule(workload)
    return HessianOperator(model, [workload.batch], lambda model, batch: model(batch[0]))


def scipy_eigsh(workload, settings, product):
    """scipy's ARPACK; tol is relative to each value, ncv is null for its default."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    counted = Counted(product)
    size = workload.size
    operator = LinearOperator(
        (size, size),
        matvec=lambda vector: counted(vector.astype(numpy.float32).reshape(-1)).numpy(),
        dtype=numpy.float32,
    )
    random = numpy.random.default_rng(settings["seed"])
    start = random.standard_normal(size).astype(numpy.float32)

    def run():
        values, vectors = eigsh(
            operator, settings["top"], which="LA", v0=start, ncv=settings["ncv"], tol=settings["tol"]
        )
        return values, vectors.T, counted.products

    return run


def pyhessian_of(workload):
    from pyhessian import hessian

    make = lambda: hessian(LossModule(workload), OutputItself(), data=workload.batch, cuda=False)
    return workload.keep("pyhessian", make)


def pyhessian_power(workload, settings):
    """PyHessian's power iteration with deflation: its default tol and maxIter."""
    import pyhessian.hessian as library

    hessian = pyhessian_of(workload)
    torch.manual_seed(settings["seed"])
    original = library.hessian_vector_product

    def run():
        counted = Counted(lambda v: original(hessian.gradsH, hessian.params, v))
        library.hessian_vector_product = lambda gradients, parameters, v: counted(v)
        try:
            values, vectors = hessian.eigenvalues(top_n=settings["top"])
        finally:
            library.hessian_vector_product = original
        return values, torch.stack([flat(v) for v in vectors]), counted.products

    return run


def eigenthings_lanczos(workload, settings):
    """One Lanczos run of a fixed depth with full reorthogonalization: it has no restart and no stop rule."""
    from hessian_eigenthings import lanczos

    operator = workload.keep("eigenthings", lambda: eigenthings_operator(workload))

    def run():
        found = lanczos(
            operator,
            k=settings["top"],
            max_iter=settings["depth"],
            reorthogonalize=True,
            which="LA",
            seed=settings["seed"],
        )
        return found.eigenvalues, found.eigenvectors, found.iterations

    return run


eigenvalue_solvers = {
    "curvlinops-eigsh": lambda workload, settings: scipy_eigsh(
        workload, settings, curvlinops_product(workload)
    ),
    "torch-eigsh": lambda workload, settings: scipy_eigsh(workload, settings, graph_product(workload)),
    "pyhessian": pyhessian_power,
    "eigenthings": eigenthings_lanczos,
}


def eigenthings_density(workload, settings):
    from hessian_eigenthings import spectral_density

    operator = workload.keep("eigenthings", lambda: eigenthings_operator(workload))
    probes, steps = settings["probes"], settings["steps"]

    def run():
        # Probe i of a run has the seed plus i.
        seed = settings["seed"] * probes
        found = spectral_density(operator, num_runs=probes, lanczos_steps=steps, seed=seed)
        return found.raw_eigenvalues, found.raw_weights, probes * steps

    return run


def curvlinops_density(workload, settings):
    """Its Lanczos iteration as it is, without reorthogonalization; weights are squared first components."""
    from curvlinops.papyan2020traces.spectrum import fast_lanczos

    operator = workload.keep("curvlinops", lambda: curvlinops_operator(workload))
    probes, steps = settings["probes"], settings["steps"]
    torch.manual_seed(settings["seed"])

    def run():
        found = [fast_lanczos(operator, steps) for _ in range(probes)]
        nodes = numpy.stack([numpy.asarray(values) for values, _ in found])
        weights = numpy.stack([numpy.asarray(vectors)[0] ** 2 for _, vectors in found])
        return nodes, weights, probes * steps

    return run


def pyhessian_density(workload, settings):
    hessian = pyhessian_of(workload)
    probes, steps = settings["probes"], settings["steps"]
    torch.manual_seed(settings["seed"])

    def run():
        nodes, weights = hessian.density(iter=steps, n_v=probes)
        return numpy.array(nodes), numpy.array(weights), probes * steps

    return run


density_solvers = {
    "eigenthings": eigenthings_density,
    "curvlinops": curvlinops_density,
    "pyhessian": pyhessian_density,
}


def exact_spectrum(workload):
    """All eigenvalues of the Hessian, ascending: every row by double backward in float64, then LAPACK."""
    leaves = [tensor.double().requires_grad_() for tensor in workload.parameters]
    features, labels = workload.batch
    loss = workload.network(tuple(leaves), (features.double(), labels))
    gradient = torch.cat(
        [part.reshape(-1) for part in torch.autograd.grad(loss, leaves, create_graph=True)]
    )
    rows = [
        flat(torch.autograd.grad(entry, leaves, retain_graph=True)).numpy() for entry in gradient
    ]
    matrix = numpy.stack(rows)
    return numpy.linalg.eigvalsh((matrix + matrix.T) / 2)
