#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`heft-cli measure` against PyTorch: networks made at random, measured by brute force with dense matrices in double precision.

    /usr/bin/python3 tests/reference/measure.py CLI [FIRST LAST]    compares networks number FIRST to LAST - 1 (default 0 to 100)
    /usr/bin/python3 tests/reference/measure.py --write             makes the nobias-* files of this folder anew

Dense networks of one to five layers and convolutions with strides, paddings, pools; with and without biases; every activation; untrained,
trained, saturated; tensors of every floating-point type; data as NPY and CSV. Exact quantities are compared to 1e-6; what rests on weight draws
within six of its standard errors.
"""

import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch.nn import functional

from make_reference import HERE, jacobian, save_safetensors

ACTIVATIONS = {'relu': torch.relu, 'tanh': torch.tanh, 'sigmoid': torch.sigmoid, 'softplus': functional.softplus,
               'gelu': functional.gelu, 'leaky-relu': lambda x: functional.leaky_relu(x, 0.01)}
EPSILON = 2.220446049250313e-16


class Operation:
    """A word of the architecture, its function of (parameters, x), and its parameters: weight and perhaps bias."""

    def __init__(self, word, function, shapes=(), activation=False):
        self.word, self.function, self.activation = word, function, activation
        self.parameters = [torch.zeros(s) for s in shapes]


def dense(fan_in, fan_out, bias):
    return Operation('dense', lambda p, x: functional.linear(x, *p), [(fan_out, fan_in)] + [(fan_out,)] * bias)


def convolution(channels, outputs, kernel, stride, padding, bias):
    word = 'conv%dx%ds%dp%d' % (kernel, outputs, stride, padding)

    def apply(p, x):
        return functional.conv2d(x, p[0], p[1] if bias else None, stride, padding)
    operation = Operation(word, apply, [(outputs, channels, kernel, kernel)] + [(outputs,)] * bias)
    operation.stride, operation.padding = stride, padding
    return operation


def pool(rng, side):
    k = 2 if side < 3 else int(rng.integers(2, 4))
    s, p = int(rng.integers(1, k + 1)), int(rng.random() < 0.2)
    if rng.random() < 0.5:
        return Operation('pool%ds%dp%d' % (k, s, p), lambda _, x: functional.max_pool2d(x, k, s, p))
    return Operation('avgpool%ds%dp%d' % (k, s, p), lambda _, x: functional.avg_pool2d(x, k, s, p))


class Network:
    def __init__(self, rng):
        self.activation = str(rng.choice(list(ACTIVATIONS)))
        self.classes = int(rng.integers(2, 13))
        self.biased = float(rng.choice([1, 1, 0.3, 0]))
        self.operations = []
        width = self.images(rng) if rng.random() < 0.5 else self.vectors(rng)
        self.operations.append(dense(width, self.classes, rng.random() < self.biased))
        scale = float(rng.choice([0.3, 1, 1, 1, 2, 8]))
        for o in self.operations:
            o.parameters = [torch.tensor(rng.normal(size=t.shape)) * scale / math.sqrt(max(1, t[0].numel()))
                            for t in o.parameters]

    def activate(self):
        f = ACTIVATIONS[self.activation]
        self.operations.append(Operation(self.activation, lambda _, x: f(x), activation=True))

    def vectors(self, rng):
        width = int(rng.integers(1, 14))
        self.shape = (width,)
        for _ in range(int(rng.integers(0, 5))):
            out = int(rng.integers(1, 11))
            self.operations.append(dense(width, out, rng.random() < self.biased))
            self.activate()
            width = out
        return width

    def images(self, rng):
        self.shape = (int(rng.integers(1, 4)), int(rng.integers(3, 10)), int(rng.integers(3, 10)))
        x = torch.zeros((1,) + self.shape)
        for _ in range(int(rng.integers(1, 3))):
            k = int(rng.integers(1, min(4, *x.shape[2:]) + 1))
            padding = int(rng.integers(0, k)) if rng.random() < 0.5 else 0
            self.operations.append(convolution(x.shape[1], int(rng.integers(1, 5)), k, int(rng.integers(1, 3)), padding,
                                               rng.random() < self.biased))
            x = self.operations[-1].function(self.operations[-1].parameters, x)
            self.activate()
            if min(x.shape[2:]) >= 2 and rng.random() < 0.6:
                self.operations.append(pool(rng, min(x.shape[2:])))
                x = self.operations[-1].function([], x)
        last = (Operation('gap', lambda _, x: x.mean((2, 3))) if rng.random() < 0.3
                else Operation('flatten', lambda _, x: x.flatten(1)))
        self.operations.append(last)
        return last.function([], x).shape[1]

    def layers(self):
        return [o for o in self.operations if o.parameters]

    def parameters(self):
        return [t for o in self.operations for t in o.parameters]

    def forward(self, parameters, x):
        """What leaves each activation, and the logits."""
        seen, i = [], 0
        for o in self.operations:
            x = o.function(parameters[i:i + len(o.parameters)], x)
            i += len(o.parameters)
            if o.activation:
                seen.append(x)
        return seen + [x]

    def split(self, vector):
        parts, i = [], 0
        for t in self.parameters():
            parts.append(vector[i:i + t.numel()].reshape(t.shape))
            i += t.numel()
        return parts

    def train(self, x, y, steps):
        parameters = [t.clone().requires_grad_(True) for t in self.parameters()]
        optimiser = torch.optim.Adam(parameters, 0.05)
        for _ in range(steps):
            optimiser.zero_grad()
            functional.cross_entropy(self.forward(parameters, x)[-1], y).backward()
            optimiser.step()
        i = 0
        for o in self.operations:
            o.parameters = [t.detach() for t in parameters[i:i + len(o.parameters)]]
            i += len(o.parameters)

    def architecture(self):
        return '-'.join(o.word for o in self.operations)


def weight_jacobian(network, f, vector):
    v = vector.clone().requires_grad_(True)
    return jacobian(f(network.split(v)), v)


def logit_metric(p):
    """diag p - p p^T as a sum of p_a p_b (e_a - e_b)(e_a - e_b)^T: nothing cancels on a sample that fits."""
    m = -torch.outer(p, p)
    for c in range(len(p)):
        m[c, c] = p[c] * (p[:c].sum() + p[c + 1:].sum())
    return m


def spectrum(matrix, squared_norm, beta, lam):
    values = torch.linalg.eigvalsh(matrix).flip(0).clamp(min=0)
    r = lam ** 2 / beta
    kl = 0.5 * (torch.log1p(r * values).sum() - len(values) + (1 / (1 + r * values)).sum() + squared_norm / lam ** 2)
    printed = 0.5 * (torch.log1p(2 * r * values).sum() + (1 / (1 + 2 * r * values)).sum() + squared_norm / lam ** 2) - len(values)
    return {'parameters': len(values), 'trace': matrix.trace().item(), 'eigenvalues': values.tolist(), 'kl': kl.item(),
            'kl_printed': printed.item()}


def channel(jx, sigma):
    """J^T Sigma^+ J, and the least share of noise in it: below 1e-9 forming Sigma in double precision has cost the sixth digit. Last, whether
    a unit that has noise was cut for having so little."""
    values = torch.linalg.eigvalsh(0.5 * (sigma + sigma.t()))
    rtol = len(sigma) * EPSILON
    kept = values > rtol * values[-1]
    share = (values / values[-1])[kept].min().item() if values[-1] > 0 else 1.0
    return jx.t() @ torch.linalg.pinv(sigma, hermitian=True, rtol=rtol) @ jx, share, bool(kept.sum() < (sigma.diagonal() > 0).sum())


def effective(network, vector, x, covariance, exact, beta):
    n = len(x)
    flat = x.reshape(n, -1) - x.reshape(n, -1).mean(0)
    sigma_x = flat.t() @ flat / n
    layers = [{'fisher_trace': [], 'information': [], 'fisher_trace_printed': [], 'share': [], 'cut': [], 'fisher': []} for _ in network.forward(network.parameters(), x[:1])]
    for i in range(n):
        for l, layer in enumerate(layers):
            jw = weight_jacobian(network, lambda p: network.forward(p, x[i:i + 1])[l], vector)
            xg = x[i:i + 1].clone().requires_grad_(True)
            jx = jacobian(network.forward(network.parameters(), xg)[l], xg)
            fisher, share, cut = channel(jx, jw @ covariance @ jw.t())
            layer['fisher_trace'].append(fisher.trace().item())
            layer['information'].append(0.5 * torch.linalg.slogdet(torch.eye(len(sigma_x)) + sigma_x @ fisher)[1].item())
            layer['fisher_trace_printed'].append((jx.t() @ jw @ exact @ jw.t() @ jx).trace().item() / beta)
            layer['share'].append(share)
            layer['cut'].append(cut)
            layer['fisher'].append(fisher)
    return layers


def pre_activations(network, parameters, x, nudges):
    """The logits with a nudge added to what leaves each layer with weights; and what enters each, unfolded, places last."""
    i, seen = 0, []
    for o in network.operations:
        if o.parameters:
            w = o.parameters[0]
            seen.append((functional.unfold(x, w.shape[2:], padding=o.padding, stride=o.stride) if w.dim() == 4 else x.unsqueeze(2)).detach())
        x = o.function(parameters[i:i + len(o.parameters)], x)
        i += len(o.parameters)
        if o.parameters:
            x = x + nudges[len(seen) - 1]
    return x, seen


def kfac_factors(network, x):
    """A and G of each layer, labels' expectation exact: A = E sum_t a a^T (with the bias's 1), G = E mean_t d d^T."""
    factors = None
    for i in range(len(x)):
        shapes, parameters = [], network.parameters()
        z = x[i:i + 1]
        for o in network.operations:
            z = o.function(o.parameters, z)
            if o.parameters:
                shapes.append(z.shape)
        nudges = [torch.zeros(shape, requires_grad=True) for shape in shapes]
        logits, seen = pre_activations(network, parameters, x[i:i + 1], nudges)
        if factors is None:
            factors = [[0, 0] for _ in nudges]
        for l, o in enumerate(network.layers()):
            a = seen[l][0]
            if len(o.parameters) > 1:
                a = torch.cat([a, torch.ones(1, a.shape[1])])
            factors[l][0] = factors[l][0] + a @ a.t() / len(x)
        p = torch.softmax(logits[0], 0).detach()
        for c in range(len(p)):
            gradients = torch.autograd.grad(torch.log_softmax(logits[0], 0)[c], nudges, retain_graph=True)
            for l, g in enumerate(gradients):
                g = g[0].reshape(g.shape[1], -1)
                factors[l][1] = factors[l][1] + p[c] * g @ g.t() / g.shape[1] / len(x)
    return factors


def kfac_covariance(network, x, beta, lam):
    """Sigma* of KFAC for all weights, PyTorch's order: weight (outputs x inputs), then bias; no correlation between layers."""
    blocks = []
    for o, (a, g) in zip(network.layers(), kfac_factors(network, x)):
        n, m = len(g), len(a)
        block = beta * torch.linalg.inv(torch.kron(g, a) + beta / lam ** 2 * torch.eye(n * m))
        fan_in = o.parameters[0][0].numel()
        order = [j * m + i for j in range(n) for i in range(fan_in)] + [j * m + fan_in for j in range(n) if m > fan_in]
        blocks.append(block[order][:, order])
    return torch.block_diag(*blocks)


def covariance_traces(network, vector, x, covariance):
    """tr Sigma_z = tr J Sigma* J^T, layer by layer and sample by sample."""
    return [[(j @ covariance * j).sum().item() for j in
             [weight_jacobian(network, lambda p: network.forward(p, x[i:i + 1])[l], vector) for i in range(len(x))]]
            for l in range(len(network.forward(network.parameters(), x[:1])))]


def nuisances(network, x, fishers):
    """F_t of the changes that are a line in the image: their tangents are its derivative in 1 %. Layer by layer."""
    tangents = {'brightness': torch.full_like(x, 0.01), 'contrast': (x - x.mean((1, 2, 3), keepdim=True)) / 100,
                'background': (1 - x) / 100}
    return [{name: [(t[i].reshape(-1) @ fishers[l][i] @ t[i].reshape(-1)).item() for i in range(len(x))] for name, t in tangents.items()}
            for l in range(len(fishers))]


def drawn(network, vector, covariance, x, y, draws):
    """Error and loss of Q, and their standard errors, by draws of our own."""
    root = torch.linalg.cholesky(covariance)
    found = []
    for _ in range(draws):
        z = network.forward(network.split(vector + root @ torch.randn(len(vector))), x)[-1]
        found.append([(z.argmax(1) != y).double().mean().item(), functional.cross_entropy(z, y).item()])
    found = torch.tensor(found)
    return {'mean': found.mean(0).tolist(), 'error': (found.std(0) / math.sqrt(draws)).tolist()}


def gaussian_kl(vector, covariance, lam):
    """KL( N(vector, covariance) || N(0, lam^2 I) ) by its definition."""
    p = torch.distributions.MultivariateNormal(torch.zeros_like(vector), lam ** 2 * torch.eye(len(vector)))
    return torch.distributions.kl_divergence(torch.distributions.MultivariateNormal(vector, covariance), p).item()


def reference(network, x, y, beta, lam):
    """What heft-cli measure prints."""
    vector = torch.cat([t.reshape(-1) for t in network.parameters()])
    n, k = len(x), len(vector)
    logits = network.forward(network.parameters(), x)[-1]
    p = torch.softmax(logits, 1)
    fisher = torch.zeros(k, k)
    for i in range(n):
        j = weight_jacobian(network, lambda q: network.forward(q, x[i:i + 1])[-1], vector)
        fisher += j.t() @ logit_metric(p[i]) @ j / n
    fisher = 0.5 * (fisher + fisher.t())
    hessian = torch.autograd.functional.hessian(
        lambda v: functional.cross_entropy(network.forward(network.split(v), x)[-1], y), vector)
    hessian = 0.5 * (hessian + hessian.t())
    layers, offset = [], 0
    for o in network.layers():
        block = slice(offset, offset + sum(t.numel() for t in o.parameters))
        layers.append(spectrum(fisher[block, block], vector[block].square().sum(), beta, lam))
        offset = block.stop
    values = torch.linalg.eigvalsh(hessian).flip(0)
    covariance = beta * torch.linalg.inv(fisher + beta / lam ** 2 * torch.eye(k))
    covariance = 0.5 * (covariance + covariance.t())
    loss = functional.cross_entropy(logits, y).item()
    kl = gaussian_kl(vector, covariance, lam)
    seen = effective(network, vector, x, covariance, fisher, beta)
    fishers = [layer.pop('fisher') for layer in seen]
    kfac = kfac_covariance(network, x, beta, lam)
    by_kfac = effective(network, vector, x, kfac, fisher, beta)
    for layer in by_kfac:
        del layer['fisher'], layer['fisher_trace_printed']
    routes = [{'route': 'jacobian', 'layers': [{'covariance_trace': t} for t in covariance_traces(network, vector, x, covariance)]},
              {'route': 'kfac', 'layers': [{**layer, 'covariance_trace': t} for layer, t in
                                           zip(by_kfac, covariance_traces(network, vector, x, kfac))]}]
    return {'samples': n, 'parameters': k, 'loss': loss,
            'error': (logits.argmax(1) != y).double().mean().item(), 'layers': layers,
            'network': spectrum(fisher, vector.square().sum(), beta, lam),
            'hessian': {'trace': hessian.trace().item(), 'eigenvalues': values.tolist(),
                        'most_negative': min(values[-1].item(), 0),
                        'relative_gap_to_fisher': ((hessian - fisher).norm() / hessian.norm()).item()},
            'effective': seen, 'nuisances': nuisances(network, x, fishers) if x.dim() == 4 else [],
            'pushforwards': routes, 'certificate': {'kl': kl, 'drawn': drawn(network, vector, covariance, x, y, 400)},
            'description_length': {'uniform': n * math.log(network.classes), 'kl': kl, 'two_part': n * loss + kl}}


def write_network(network, path, rng, dtype):
    style = int(rng.integers(0, 3))
    tensors = {}
    for j, o in enumerate(network.layers()):
        name = [str(network.operations.index(o)), 'layers.%d' % (5 * j), 'features.%d' % j][style]
        o.parameters = [t.to(dtype).double() for t in o.parameters]
        for suffix, t in zip(('weight', 'bias'), o.parameters):
            tensors['%s.%s' % (name, suffix)] = t.to(dtype)
    save_safetensors(path, tensors)


def write_data(base, x, y, csv):
    if not csv:
        np.save(base + '-inputs.npy', x.numpy())
        np.save(base + '-labels.npy', y.numpy())
        return '%s-inputs.npy,%s-labels.npy' % (base, base)
    rows = x.reshape(len(x), -1).numpy()
    with open(base + '.csv', 'w') as f:
        f.write(','.join('x%d' % i for i in range(rows.shape[1])) + ',label\n')
        for row, label in zip(rows, y):
            f.write(','.join(repr(float(v)) for v in row) + ',%d\n' % label)
    return base + '.csv'


def arguments(network, beta, lam):
    words = ['--activation', network.activation, '--beta', repr(beta), '--lambda', repr(lam), '--hessian', '--activations', '--certificate',
             '--pushforward', 'jacobian,kfac', '--json']
    if len(network.shape) == 3:
        words += ['--input', 'x'.join(map(str, network.shape)), '--arch', network.architecture()]
    return words


def near(a, b, tolerance, floor=0.0):
    """NaN is null: the relative gap of a Hessian that is zero."""
    return a is None if math.isnan(b) else a is not None and abs(a - b) <= tolerance * abs(b) + floor


def differences(found, expected):
    """Fields that differ by more than 1e-6, and what rounding leaves of the largest of their kind."""
    for name in ('samples', 'parameters', 'loss'):
        if not near(found[name], expected[name], 1e-9, 1e-15):
            yield name, found[name], expected[name]
    blocks = [('layer %d' % i, a, b) for i, (a, b) in enumerate(zip(found['layers'], expected['layers']))]
    for where, a, b in blocks + [('network', found['network'], expected['network'])]:
        top = b['eigenvalues'][0]
        for name in ('parameters', 'trace', 'kl', 'kl_printed'):
            if not near(a[name], b[name], 1e-6, 1e-14 * top):
                yield where + ' ' + name, a[name], b[name]
        padded = a['eigenvalues'] + [0.0] * (len(b['eigenvalues']) - a['rank'])
        if len(a['eigenvalues']) != a['rank'] or padded != sorted(padded, reverse=True):
            yield where + ' order', a['rank'], len(a['eigenvalues'])
        for v, w in zip(padded, b['eigenvalues']):
            if not near(v, w, 1e-6, 1e-12 * top):
                yield where + ' eigenvalue', v, w
    a, b = found['hessian'], expected['hessian']
    size = max(abs(v) for v in b['eigenvalues'])
    if len(a['eigenvalues']) != len(b['eigenvalues']):
        yield 'Hessian length', len(a['eigenvalues']), len(b['eigenvalues'])
    for name, v, w in [(n, a[n], b[n]) for n in ('trace', 'most_negative', 'relative_gap_to_fisher')] + \
            [('eigenvalue', v, w) for v, w in zip(a['eigenvalues'], b['eigenvalues'])]:
        if not near(v, w, 1e-6, 1e-10 * (1 if name == 'relative_gap_to_fisher' else size)):
            yield 'Hessian ' + name, v, w
    for l, (a, b) in enumerate(zip(found['effective'], expected['effective'])):
        for i, share in enumerate(b['share']):
            for name in ('fisher_trace', 'information', 'fisher_trace_printed'):
                if (share > 1e-9 or name == 'fisher_trace_printed') and not near(a[name][i], b[name][i], 1e-6, 1e-10):
                    yield 'effective layer %d sample %d %s' % (l, i, name), a[name][i], b[name][i]


def code_differences(found, expected):
    """Certificate, description lengths and nuisances."""
    for name, value in expected['description_length'].items():
        if not near(found['description_length'][name], value, 1e-6):
            yield 'description length ' + name, found['description_length'][name], value
    a, b = found['certificate'], expected['certificate']
    if not near(a['kl'], b['kl'], 1e-6):
        yield 'KL of the certificate', a['kl'], b['kl']
    for i, name in enumerate(('empirical_error', 'expected_loss')):
        if abs(a[name] - b['drawn']['mean'][i]) > 6 * math.hypot(a[name + '_standard_error'], b['drawn']['error'][i]) + 1e-5:
            yield name, a[name], b['drawn']['mean'][i]
    upper = inverse_kl(a['empirical_error'], math.log(2 / a['delta_draws']) / a['draws'])
    n, c = a['samples'], (b['kl'] + math.log(2 * math.sqrt(a['samples']) / a['delta'])) / a['samples']
    bounds = {'pac_bayes_kl': inverse_kl(upper, c), 'mcallester': upper + math.sqrt(c / 2)}
    if n * found['beta'] > 0.5:
        bounds['lagrangian'] = (upper + found['beta'] * (b['kl'] + math.log(1 / a['delta']))) / (1 - 0.5 / (n * found['beta']))
    elif a['lagrangian']['value'] is not None:
        yield 'Lagrangian bound', a['lagrangian']['value'], None
    for name, value in bounds.items():
        if not near(a[name]['value'], value, 1e-6):
            yield name, a[name]['value'], value
    for a, b in zip(found['pushforwards'], expected['pushforwards']):
        for l, (u, v) in enumerate(zip(a['layers'] or [], b['layers'])):
            for name in set(v) - {'share', 'cut'}:
                for i, value in enumerate(v[name]):
                    # Propagated, a covariance keeps fewer digits than a root of it, and a unit of little noise where the pseudo-inverse cuts.
                    if (name == 'covariance_trace' or (v['share'][i] > 1e-6 and not v['cut'][i])) and not near(u[name][i], value, 1e-6, 1e-10):
                        yield '%s %s layer %d sample %d' % (a['route'], name, l, i), u[name][i], value
    for entry in found.get('nuisances', []):
        layer = [e['layer'] for e in found['effective']].index(entry['layer'])
        for i, value in enumerate(expected['nuisances'][layer].get(entry['nuisance'], [])):
            if expected['effective'][layer]['share'][i] > 1e-9 and not near(entry['fisher'][i], value, 1e-6, 1e-10):
                yield 'nuisance %s layer %d sample %d' % (entry['nuisance'], layer, i), entry['fisher'][i], value


def draw_differences(routes):
    """Where the noise is narrow draws find what the Jacobian does, but for their errors."""
    exact, drawn = routes[0]['layers'], routes[1]['layers']
    for a, b in zip(drawn, exact):
        for name in ('covariance_trace', 'fisher_trace', 'information'):
            v, w = a[name + '_mean'], b[name + '_mean']
            if v is not None and abs(v - w) > 6 * a[name + '_standard_error'] + 1e-6 * abs(w):
                yield 'draws of %s, %s +- %g' % (a['layer'], name, a[name + '_standard_error']), v, w


def inverse_kl(q, c):
    """The largest p with kl(q || p) <= c, by bisection."""
    def kl(p):
        return (q * math.log(q / p) if q > 0 else 0) + ((1 - q) * math.log((1 - q) / (1 - p)) if q < 1 else 0)
    low, high = q, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if kl(middle) <= c else (low, middle)
    return high


def compare(cli, number, folder):
    rng = np.random.default_rng(number)
    torch.manual_seed(number)
    network = Network(rng)
    if sum(t.numel() for t in network.parameters()) > 300:
        return False
    n = int(rng.integers(2, 16))
    x = torch.tensor(rng.normal(size=(n,) + network.shape))
    y = torch.tensor(rng.integers(0, network.classes, size=n))
    network.train(x, y, int(rng.choice([0, 30, 300])))
    base = os.path.join(folder, str(number))
    write_network(network, base + '.safetensors', rng,
                  [torch.float64, torch.float32, torch.float16, torch.bfloat16][int(rng.integers(0, 4))])
    data = write_data(base, x, y, rng.random() < 0.3)
    beta, lam = float(10 ** rng.uniform(-5, -0.5)), float(10 ** rng.uniform(-1.5, 0.7))
    words = arguments(network, beta, lam) + (['--nuisances', str(n)] if x.dim() == 4 and data.endswith('.npy') else [])
    run = subprocess.run([cli, 'measure', base + '.safetensors', '--data', data] + words,
                         capture_output=True, text=True, env={**os.environ, 'OPENBLAS_NUM_THREADS': '1'})
    narrow = subprocess.run([cli, 'measure', base + '.safetensors', '--data', data] + words +
                            ['--lambda', '1e-5', '--pushforward', 'jacobian,draws'], capture_output=True, text=True,
                            env={**os.environ, 'OPENBLAS_NUM_THREADS': '1'})
    title = '%d %s %s, %d samples' % (number, network.architecture(), network.shape, n)
    if run.returncode != 0:
        print(title, run.stderr.strip())
        return True
    found, expected = json.loads(run.stdout), reference(network, x, y, beta, lam)
    drawn = list(draw_differences(json.loads(narrow.stdout)['pushforwards'])) if narrow.returncode == 0 else [(narrow.stderr, None, None)]
    for what, found, expected in (list(differences(found, expected)) + list(code_differences(found, expected)) + drawn)[:5]:
        print('%s: %s is %r, the reference %r' % (title, what, found, expected))
    return True


def write():
    """Two small networks without biases (one layer of each has one), for tests/cli/test-measure.c."""
    rng = np.random.default_rng(7)
    for name, shape, operations in [
            ('nobias-dense', (5,), [dense(5, 4, False), 'relu', dense(4, 3, False), 'relu', dense(3, 3, True)]),
            ('nobias-conv', (2, 4, 3), [convolution(2, 3, 2, 1, 0, False), 'tanh', Operation('pool2s1', lambda _, x:
                                        functional.max_pool2d(x, 2, 1)), convolution(3, 2, 1, 1, 0, True), 'tanh',
                                        Operation('flatten', lambda _, x: x.flatten(1)), dense(4, 3, False)])]:
        network = Network(rng)
        network.shape, network.operations, network.classes = shape, [], 3
        for o in operations:
            if isinstance(o, str):
                network.activation = o
                network.activate()
            else:
                o.parameters = [torch.tensor(rng.normal(size=t.shape)) / math.sqrt(max(1, t[0].numel())) for t in o.parameters]
                network.operations.append(o)
        x, y = torch.tensor(rng.normal(size=(8,) + shape)), torch.tensor(rng.integers(0, 3, size=8))
        base = os.path.join(HERE, name)
        write_network(network, base + '.safetensors', rng, torch.float64)
        write_data(base, x, y, False)
        expected = reference(network, x, y, 0.01, 0.7)
        for layer in expected['effective'] + expected['pushforwards'][1]['layers']:
            assert min(layer.pop('share')) > 1e-9
            layer.pop('cut')
        del expected['certificate']['drawn'], expected['nuisances']
        with open(base + '.json', 'w') as f:
            json.dump({'arguments': ' '.join(arguments(network, 0.01, 0.7)), 'expected': expected}, f)


def main():
    if sys.argv[1:] == ['--write']:
        write()
        return
    first, last = (int(v) for v in sys.argv[2:4]) if len(sys.argv) == 4 else (0, 100)
    with tempfile.TemporaryDirectory() as folder:
        print('%d networks compared' % sum(compare(sys.argv[1], i, folder) for i in range(first, last)))


if __name__ == '__main__':
    main()
