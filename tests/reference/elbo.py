#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PyTorch twin of `heft-cli run train` with a mean-field posterior: what test error and KL to expect.

    /usr/bin/python3 tests/reference/elbo.py data/datasets/mnist-10k [--n-beta 1] [--learning-rate 0.002] [--deviation 0.05]

784-256-256-10 with ReLU, an isotropic prior of lambda 0.1, local reparametrisation, Adam, batches of 128. It shares neither code nor
random numbers with Heft, so that figures agree as two seeds do. Needs Debian's python3-torch; no part of the build.
"""

import argparse
import gzip
import math
import pathlib

import numpy
import torch
import torch.nn.functional as F

SIZES = [784, 256, 256, 10]
PRIOR_DEVIATION = 0.1


def read_idx(path, header):
    return numpy.frombuffer(gzip.open(path).read(), numpy.uint8, offset=header)


def load(folder, part):
    images = read_idx(folder / f'{part}-images-idx3-ubyte.gz', 16).reshape(-1, SIZES[0])
    labels = read_idx(folder / f'{part}-labels-idx1-ubyte.gz', 8)
    return torch.tensor(images.astype(numpy.float32) / 255), torch.tensor(labels.astype(numpy.int64))


class Layer:
    """Means and log-deviations of (inputs + 1) x outputs weights, the bias as the last row."""

    def __init__(self, fan_in, fan_out, deviation):
        self.mean = ((torch.rand(fan_in + 1, fan_out) * 2 - 1) / math.sqrt(fan_in)).requires_grad_()
        self.log_deviation = torch.full((fan_in + 1, fan_out), math.log(deviation)).requires_grad_()

    def sample_outputs(self, x):
        variance = torch.exp(2 * self.log_deviation)
        mean = x @ self.mean[:-1] + self.mean[-1]
        return mean + (x * x @ variance[:-1] + variance[-1]).sqrt() * torch.randn_like(mean)

    def sample_weights(self, x):
        weights = self.mean + torch.exp(self.log_deviation) * torch.randn_like(self.mean)
        return x @ weights[:-1] + weights[-1]

    def kl(self):
        scaled = (torch.exp(2 * self.log_deviation) + self.mean ** 2) / PRIOR_DEVIATION ** 2
        return 0.5 * (scaled - 1 + 2 * math.log(PRIOR_DEVIATION) - 2 * self.log_deviation).sum()


def forward(layers, x, sample):
    for layer in layers[:-1]:
        x = torch.relu(sample(layer, x))
    return sample(layers[-1], x)


def train(inputs, labels, options):
    beta = options.n_beta / len(inputs)
    layers = [Layer(a, b, options.deviation) for a, b in zip(SIZES, SIZES[1:])]
    optimizer = torch.optim.Adam([p for l in layers for p in (l.mean, l.log_deviation)], lr=options.learning_rate)
    for _ in range(options.epochs):
        for chosen in torch.randperm(len(inputs)).split(128):
            loss = F.cross_entropy(forward(layers, inputs[chosen], Layer.sample_outputs), labels[chosen])
            loss = loss + beta * sum(layer.kl() for layer in layers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return layers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--n-beta', type=float, default=1)
    parser.add_argument('--learning-rate', type=float, default=0.002)
    parser.add_argument('--deviation', type=float, default=0.05, help='sigma at the start')
    parser.add_argument('--epochs', type=int, default=10)
    parser.add_argument('--seeds', type=int, default=3)
    options = parser.parse_args()
    inputs, labels = load(options.folder, 'train')
    test_inputs, test_labels = load(options.folder, 't10k')
    for seed in range(options.seeds):
        torch.manual_seed(seed)
        layers = train(inputs, labels, options)
        with torch.no_grad():
            errors = [(forward(layers, test_inputs, Layer.sample_weights).argmax(1) != test_labels).float().mean().item()
                      for _ in range(10)]
            print(f'seed {seed}: test error of Q {100 * numpy.mean(errors):.1f} %, KL {sum(l.kl() for l in layers):.0f} nats',
                  flush=True)


if __name__ == '__main__':
    main()
