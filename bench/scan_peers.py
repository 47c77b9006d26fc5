"""Times one other way to the spectra of a checkpoint's matrices, in a process of its own, and prints one line of JSON.

    python bench/scan_peers.py --model runs/bench-gpt2 --method numpy-values [--layers 1] [--threads 2]

`seconds` runs from the first matrix being read to the last result, without the imports and a first small call. WeightWatcher gets the
same matrices as torch.nn.Linear layers, whose making is not counted; `matrices` counts the ones in its answer: it leaves out those with
a side above its limits. `--method list` prints, for each method, the modules that this Python lacks.
"""
import argparse
import contextlib
import importlib.util
import json
import os
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="runs/bench-gpt2")
parser.add_argument("--method", required=True)
parser.add_argument("--layers", type=int, help="only the matrices of the first so many layers, no embeddings")
parser.add_argument("--threads", type=int, default=os.cpu_count())
options = parser.parse_args()
for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = str(options.threads)

METHODS = {
    "numpy-svd": ["numpy", "safetensors"],
    "numpy-values": ["numpy", "safetensors"],
    "torch-svdvals": ["numpy", "torch", "safetensors"],
    "torch-gram-eigvalsh": ["numpy", "torch", "safetensors"],
    "torch-gram-pr": ["numpy", "torch", "safetensors"],
    "weightwatcher": ["numpy", "torch", "safetensors", "weightwatcher"],
}


def missing(method):
    return [name for name in METHODS[method] if importlib.util.find_spec(name) is None]


if options.method == "list":
    print(json.dumps({method: missing(method) for method in METHODS}))
    sys.exit()

import numpy
from safetensors import safe_open

if options.method.startswith("torch") or options.method == "weightwatcher":
    import torch

    torch.set_num_threads(options.threads)


def matrices():
    """Every 2-D tensor, float32, read when its turn comes."""
    with safe_open(os.path.join(options.model, "model.safetensors"), framework="numpy") as file:
        for name in file.keys():
            parts = name.removeprefix("transformer.").split(".")
            chosen = options.layers is None or (parts[0] == "h" and int(parts[1]) < options.layers)
            if chosen and len(file.get_slice(name).get_shape()) == 2:
                yield name, file.get_tensor(name)


def gram(w):
    w = torch.from_numpy(w)
    return w @ w.T if w.shape[0] < w.shape[1] else w.T @ w


def participation_ratio(w):
    g = gram(w)
    return (g.trace() ** 2 / (g * g).sum()).item()


MEASURES = {
    "numpy-svd": lambda w: numpy.linalg.svd(w, full_matrices=False)[1],
    "numpy-values": lambda w: numpy.linalg.svd(w, compute_uv=False),
    "torch-svdvals": lambda w: torch.linalg.svdvals(torch.from_numpy(w)),
    "torch-gram-eigvalsh": lambda w: torch.linalg.eigvalsh(gram(w)),
    "torch-gram-pr": participation_ratio,
}


def by_matrix(measure):
    # Libraries load parts of themselves at the first call.
    measure(numpy.eye(256, dtype=numpy.float32))
    begin = time.perf_counter()
    count = 0
    for _, w in matrices():
        measure(w)
        count += 1
    return count, time.perf_counter() - begin


def by_weightwatcher():
    with contextlib.redirect_stdout(sys.stderr):
        import weightwatcher

        model = torch.nn.Module()
        for name, w in matrices():
            layer = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, device="meta")
            layer.weight = torch.nn.Parameter(torch.from_numpy(w))
            model.add_module(name.replace(".", "_"), layer)
        begin = time.perf_counter()
        details = weightwatcher.WeightWatcher(model=model).analyze()
        return len(details), time.perf_counter() - begin


def peak_kilobytes():
    # Not getrusage, which starts from the peak of the process that started this one.
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return None


count, seconds = by_weightwatcher() if options.method == "weightwatcher" else by_matrix(MEASURES[options.method])
print(json.dumps({"method": options.method, "matrices": count, "seconds": seconds, "peakKilobytes": peak_kilobytes()}))
