#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heft's curvature against PyTorch on this machine, in the same minutes.

    /usr/bin/python3 tests/bench/compare_torch_curvature.py BUILD/src/cli/heft-cli [--rounds 3] [--case spectra] [--markdown]

Runs heft-cli bench and PyTorch alternately and prints milliseconds and their ratio, medians over rounds. PyTorch gets the best of
(torch threads, OpenBLAS threads) = (1,1), (1,2), (2,1), (2,2), each in a process of its own because OpenBLAS reads its number of
threads once, and for each case its best route:

spectra        one label an input drawn from the model; of every layer of 784-64-64-10 the Gram matrix of the gradients as the Hadamard
               product of its two factors, and eigvalsh
kfac           the factors A and G of every layer and their eigvalsh
slq            Hessian-vector products by double backward over the kept graph, 100 Lanczos steps, every vector orthogonalised against all
               before it, the tridiagonal matrix's eigh
spectra-exact  all ten labels: the Gram matrix of 10,000 x 10,000 of the first layer, dense matrices for the others, eigvalsh. Takes minutes,
               so it is timed once a thread count

Needs Debian's python3-torch; no part of the build.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

CASES = ["spectra", "kfac", "slq", "spectra-exact"]
REACH = {"spectra": 1.7, "kfac": 1.8, "slq": 1.5, "spectra-exact": 3.0}
SAMPLES = {"spectra": 1000, "kfac": 10000, "slq": 10000, "spectra-exact": 1000}
THREADS = [(1, 1), (1, 2), (2, 1), (2, 2)]


def make(samples):
    """Images as sparse as digits, as heft-cli bench makes them, and the network at its start."""
    import torch
    from torch import nn
    torch.manual_seed(0)
    x = torch.rand(samples, 784) * (torch.rand(samples, 784) < 0.2)
    y = torch.randint(10, (samples,))
    net = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    for layer in net[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
        nn.init.zeros_(layer.bias)
    return net, x, y


def forward(net, x):
    """Inputs of the layers with weights (the bias's 1 appended), their pre-activations, and the logits."""
    import torch
    inputs, outputs = [], []
    ones = torch.ones(len(x), 1)
    for module in net:
        if hasattr(module, 'weight'):
            inputs.append(torch.cat([x.detach(), ones], 1))
        x = module(x)
        if hasattr(module, 'weight'):
            outputs.append(x)
    return inputs, outputs, x


def sampled(net, x):
    import torch
    inputs, outputs, z = forward(net, x)
    labels = torch.multinomial(torch.softmax(z.detach(), 1), 1)[:, 0]
    return inputs, torch.autograd.grad(torch.nn.functional.cross_entropy(z, labels, reduction='sum'), outputs)


def spectra(net, x, y):
    import torch
    inputs, deltas = sampled(net, x)
    return [torch.linalg.eigvalsh((a @ a.t()) * (d @ d.t()) / len(x)) for a, d in zip(inputs, deltas)]


def kfac(net, x, y):
    import torch
    inputs, deltas = sampled(net, x)
    return [torch.linalg.eigvalsh(m.t() @ m / len(x)) for pair in zip(inputs, deltas) for m in pair]


def slq(net, x, y, steps=100):
    import torch
    parameters = list(net.parameters())
    gradient = torch.autograd.grad(torch.nn.functional.cross_entropy(net(x), y), parameters, create_graph=True)
    gradient = torch.cat([g.reshape(-1) for g in gradient])
    k = len(gradient)
    basis = torch.empty(steps, k)
    v = torch.randint(2, (k,)).float() * 2 - 1
    v /= v.norm()
    diagonal, off = [], []
    for i in range(steps):
        basis[i] = v
        w = torch.cat([g.reshape(-1) for g in torch.autograd.grad(gradient @ v, parameters, retain_graph=True)])
        diagonal.append(torch.dot(w, v).item())
        done = basis[:i + 1]
        for _ in range(2):
            w = w - done.t() @ (done @ w)
        norm = w.norm()
        off.append(norm.item())
        v = w / norm
    t = torch.diag(torch.tensor(diagonal).double()) + torch.diag(torch.tensor(off[:-1]).double(), 1)
    return torch.linalg.eigh(t, UPLO='U')


def spectra_exact(net, x, y):
    import torch
    inputs, outputs, z = forward(net, x)
    p = torch.softmax(z.detach(), 1)
    columns = []
    for c in range(10):
        gradient = torch.autograd.grad(torch.log_softmax(z, 1)[:, c].sum(), outputs, retain_graph=True)
        columns.append([g * p[:, c:c + 1].sqrt() for g in gradient])
    result = []
    for l, a in enumerate(inputs):
        d = torch.cat([column[l] for column in columns]).double()
        a = a.double()
        if len(d) <= a.shape[1] * d.shape[1]:
            matrix = (a @ a.t()).repeat(10, 10)
            matrix *= d @ d.t()
        else:
            rows = (a.repeat(10, 1)[:, :, None] * d[:, None, :]).reshape(len(d), -1)
            matrix = rows.t() @ rows
        values = torch.linalg.eigvalsh(matrix / len(x))
        result.append((values.sum(), torch.log1p(1000 * values.clamp(min=0)).sum(), values[-20:]))
        del matrix
    return result


def torch_child(case, threads):
    import torch
    torch.set_num_threads(threads)
    net, x, y = make(SAMPLES[case])
    work = {"spectra": spectra, "kfac": kfac, "slq": slq, "spectra-exact": spectra_exact}[case]
    times = []
    if case in ("spectra", "kfac"):
        work(net, x, y)
    end = time.perf_counter() + (0 if case == "spectra-exact" else 3)
    while len(times) == 0 or time.perf_counter() < end:
        start = time.perf_counter()
        work(net, x, y)
        times.append(1e3 * (time.perf_counter() - start))
    print(statistics.median(times))


def run_torch(case):
    best = None
    for torch_threads, blas_threads in THREADS if case != "spectra-exact" else THREADS[3:]:
        environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(blas_threads), OMP_NUM_THREADS=str(torch_threads))
        output = subprocess.run([sys.executable, __file__, "--torch-child", case, str(torch_threads)], env=environment, check=True,
                                capture_output=True, text=True).stdout
        milliseconds = float(output)
        if best is None or milliseconds < best[0]:
            best = (milliseconds, (torch_threads, blas_threads))
    return best


def run_heft(program, case):
    output = subprocess.run([program, "bench", case, "--json", "--repeats", "1" if case == "spectra-exact" else "5"], check=True,
                            capture_output=True, text=True).stdout
    return json.loads(output)["cases"][0]["step_microseconds"] / 1e3


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--torch-child":
        torch_child(sys.argv[2], int(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="heft-cli")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--markdown", action="store_true", help="print a table in Markdown")
    arguments = parser.parse_args()
    line = "| {:14} | {:>9.1f} | {:>9.1f} | {:8} | {:>6.2f} | {:>5.1f} |" if arguments.markdown else \
           "{:14} {:>9.1f} {:>9.1f} {:8} {:>6.2f} {:>5.1f}"
    head = "| case | Heft, ms | PyTorch, ms | threads | ratio | reach |\n|---|---|---|---|---|---|" if arguments.markdown else \
           "{:14} {:>9} {:>9} {:8} {:>6} {:>5}".format("case", "Heft ms", "torch ms", "threads", "ratio", "reach")
    print(head, flush=True)
    for case in arguments.case or CASES:
        heft, torch_times, threads = [], [], None
        for _ in range(1 if case == "spectra-exact" else arguments.rounds):
            heft.append(run_heft(arguments.program, case))
            milliseconds, threads = run_torch(case)
            torch_times.append(milliseconds)
        ours, theirs = statistics.median(heft), statistics.median(torch_times)
        print(line.format(case, ours, theirs, "{},{}".format(*threads), theirs / ours, REACH[case]), flush=True)


if __name__ == "__main__":
    main()
