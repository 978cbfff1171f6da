#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heft's engine against PyTorch on this machine, in the same minutes.

    /usr/bin/python3 tests/bench/compare_torch.py BUILD/src/cli/heft-cli [--rounds 3] [--case mlp] [--batch 128]

Runs heft-cli bench and PyTorch alternately and prints microseconds a step and their ratio, medians over rounds. PyTorch gets the best
of (torch threads, OpenBLAS threads) = (1,1), (1,2), (2,1), (2,2), each in a process of its own because OpenBLAS reads its number of
threads once. Needs Debian's python3-torch; no part of the build.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

CASES = [("mlp", 32), ("mlp", 128), ("mlp", 512),
         ("mlp-variational", 32), ("mlp-variational", 128), ("mlp-variational", 512),
         ("cnn", 32), ("cnn", 128), ("cnn", 512),
         ("cnn-variational", 32), ("cnn-variational", 128), ("cnn-variational", 512),
         ("toy", 10), ("toy-variational", 10)]
REACH = {("mlp", 32): 2.1, ("mlp", 128): 1.5, ("mlp", 512): 1.75,
         ("mlp-variational", 32): 7, ("mlp-variational", 128): 3.5, ("mlp-variational", 512): 2.1,
         ("cnn", 128): 1.8, ("cnn-variational", 128): 3,
         ("toy", 10): 100, ("toy-variational", 10): 150}
THREADS = [(1, 1), (1, 2), (2, 1), (2, 2)]


def build_torch_step(case, batch):
    """One training step of the same network, loss and optimiser, as PyTorch users write it."""
    import torch
    from torch import nn
    import torch.nn.functional as F

    toy, convolutional = case.startswith("toy"), case.startswith("cnn")
    sizes = [2, 16, 16, 2] if toy else [784, 256, 256, 10]
    activation = torch.tanh if toy else F.relu
    n = 1000 if toy else 10000
    inputs = torch.randn(n, sizes[0]) if toy else torch.rand(n, sizes[0])
    labels = torch.randint(sizes[-1], (n,))
    beta, scale = 0.1 / n, 0.1

    class Variational(nn.Module):
        def __init__(self, fan_in, fan_out):
            super().__init__()
            self.mean = nn.Parameter(torch.randn(fan_in, fan_out) * (2 / fan_in) ** 0.5)
            self.bias = nn.Parameter(torch.zeros(fan_out))
            self.log_deviation = nn.Parameter(torch.full((fan_in, fan_out), -3.5))
            self.bias_log_deviation = nn.Parameter(torch.full((fan_out,), -3.5))

        def forward(self, x):
            m = torch.addmm(self.bias, x, self.mean)
            v = torch.addmm(torch.exp(2 * self.bias_log_deviation), x * x, torch.exp(2 * self.log_deviation))
            return m + v.sqrt() * torch.randn_like(m)

        def kl(self):
            total = 0
            for mean, s in ((self.mean, self.log_deviation), (self.bias, self.bias_log_deviation)):
                total = total + 0.5 * ((torch.exp(2 * s) + mean * mean) / scale ** 2 - 1 - 2 * s).sum()
            return total

    class VariationalConvolution(Variational):
        def __init__(self, channels_in, channels_out, kernel):
            super().__init__(channels_in * kernel * kernel, channels_out)
            self.shape = (channels_out, channels_in, kernel, kernel)
            self.mean = nn.Parameter(self.mean.data.view(self.shape))
            self.log_deviation = nn.Parameter(self.log_deviation.data.view(self.shape))

        def forward(self, x):
            m = F.conv2d(x, self.mean, self.bias)
            v = F.conv2d(x * x, torch.exp(2 * self.log_deviation), torch.exp(2 * self.bias_log_deviation))
            return m + v.sqrt() * torch.randn_like(m)

    variational = case.endswith("variational")
    make = Variational if variational else nn.Linear
    convolve = VariationalConvolution if variational else nn.Conv2d
    if convolutional:
        layers = nn.ModuleList([convolve(1, 16, 5), convolve(16, 32, 5), make(512, 128), make(128, 10)])
    else:
        layers = nn.ModuleList(make(a, b) for a, b in zip(sizes, sizes[1:]))
    if variational:
        optimizer = torch.optim.Adam(layers.parameters(), lr=1e-3)
    else:
        optimizer = torch.optim.SGD(layers.parameters(), lr=0.01, momentum=0.9)
    state = {"order": torch.randperm(n), "at": 0}

    def step():
        if state["at"] + batch > n:
            state["order"], state["at"] = torch.randperm(n), 0
        chosen = state["order"][state["at"]:state["at"] + batch]
        state["at"] += batch
        x = inputs[chosen]
        if convolutional:
            x = x.view(batch, 1, 28, 28)
        for i, layer in enumerate(layers):
            x = layer(x)
            if i + 1 < len(layers):
                x = activation(x)
            if convolutional and i < 2:
                x = F.max_pool2d(x, 2)
            if convolutional and i == 1:
                x = x.flatten(1)
        loss = F.cross_entropy(x, labels[chosen])
        if variational:
            loss = loss + beta * sum(layer.kl() for layer in layers)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def torch_child(case, batch, threads, seconds):
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    step = build_torch_step(case, batch)
    for _ in range(20):
        step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        for _ in range(10):
            step()
        times.append((time.perf_counter() - start) / 10 * 1e6)
    print(statistics.median(times))


def run_torch(case, batch, seconds):
    best = None
    for torch_threads, blas_threads in THREADS:
        environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(blas_threads), OMP_NUM_THREADS=str(torch_threads))
        output = subprocess.run([sys.executable, __file__, "--torch-child", case, str(batch), str(torch_threads), str(seconds)],
                                env=environment, check=True, capture_output=True, text=True).stdout
        microseconds = float(output)
        if best is None or microseconds < best[0]:
            best = (microseconds, (torch_threads, blas_threads))
    return best


def run_heft(program, case, batch, repeats):
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    output = subprocess.run([program, "bench", case, "--batch", str(batch), "--repeats", str(repeats), "--json"],
                            env=environment, check=True, capture_output=True, text=True).stdout
    document = json.loads(output)
    return document["cases"][0], document["machine"]


def print_machine(program):
    """What the figures depend on, and the head of a Markdown table."""
    import torch
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    _, machine = run_heft(program, "toy", 10, 1)
    print(f"{model}, {machine['processors']} processors; kernels {machine['kernels']}; OpenBLAS {machine['openblas_core']}, sgemm"
          f" {machine['sgemm_gflops_one_thread']:.0f} GFLOP/s a thread; PyTorch {torch.__version__};"
          f" {time.strftime('%Y-%m-%d %H:%M')}.\n")
    print("| case | batch | PyTorch µs (threads) | Heft µs | ratio | reach | share of sgemm | barrier ns | load |")
    print("|---|---|---|---|---|---|---|---|---|")


def print_heading():
    print(f"{'case':<16} {'batch':>5} {'torch us':>10} {'threads':>8} {'heft us':>10} {'ratio':>7} {'reach':>6}"
          f" {'of sgemm':>9} {'barrier ns':>10} {'load':>5}")


def print_row(markdown, case, batch, theirs, threads, ours, machine, ratio):
    share = ours.get("share_of_product_limit")
    share = "" if share is None else f"{100 * share:.0f} %"
    reach = REACH.get((case, batch), "")
    load, barrier = machine["load_average"][0], machine["barrier_nanoseconds"]
    if markdown:
        print(f"| `{case}` | {batch} | {theirs:.0f} ({threads[0]} x {threads[1]}) | {ours['step_microseconds']:.2f} | {ratio:.2f}"
              f" | {reach} | {share} | {barrier:.0f} | {load:.2f} |", flush=True)
        return
    print(f"{case:<16} {batch:>5} {theirs:>10.1f} {threads[0]:>4} x {threads[1]} {ours['step_microseconds']:>10.2f}"
          f" {ratio:>7.2f} {reach:>6} {share:>9} {barrier:>10.0f} {load:>5.2f}", flush=True)


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--torch-child":
        torch_child(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="heft-cli")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of PyTorch for each case and thread count")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--case", action="append", help="only this one (again for more)")
    parser.add_argument("--batch", type=int, action="append")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/performance.md, with the machine's lines")
    arguments = parser.parse_args()

    if arguments.markdown:
        print_machine(arguments.program)
    else:
        print_heading()
    for case, batch in CASES:
        if (arguments.case and case not in arguments.case) or (arguments.batch and batch not in arguments.batch):
            continue
        rounds = []
        for _ in range(arguments.rounds):
            theirs, threads = run_torch(case, batch, arguments.seconds)
            ours, machine = run_heft(arguments.program, case, batch, arguments.repeats)
            rounds.append((theirs / ours["step_microseconds"], theirs, threads, ours, machine))
        rounds.sort(key=lambda r: r[0])
        ratio, theirs, threads, ours, machine = rounds[len(rounds) // 2]
        print_row(arguments.markdown, case, batch, theirs, threads, ours, machine, ratio)



if __name__ == "__main__":
    main()
