#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the reference values in this folder with Debian's PyTorch, in double precision, by dense linear algebra alone.

Run it by hand:  /usr/bin/python3 tests/reference/make_reference.py
Neither building nor testing needs it: its small outputs are kept beside it, and README.md says what they hold.
"""

import json
import math
import os
import struct
from decimal import Decimal, getcontext

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

# name, modules, names of the layers with weights, architecture, activation, input, classes, samples, type of the file
CASES = [
    ('dense-tanh', [nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 5), nn.Tanh(), nn.Linear(5, 4)],
     ['fc1', 'fc2', 'fc10'], None, 'tanh', (6, 1, 1), 4, 24, torch.float64),
    ('dense-relu', [nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)],
     ['0', '2', '4'], None, 'relu', (10, 1, 1), 3, 30, torch.float32),
    ('conv-relu', [nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 2), nn.ReLU(), nn.Flatten(),
                   nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 3)],
     ['0', '3', '6', '8'], 'conv-relu-pool2-conv-relu-flatten-dense-relu-dense', 'relu', (1, 8, 8), 3, 20, torch.float64),
    ('conv-tanh', [nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.Tanh(), nn.AvgPool2d(2, stride=1), nn.Flatten(),
                   nn.Linear(16, 3)],
     ['features.0', 'classifier.0'], 'conv3x4s2p1-avgpool2s1-flatten-dense', 'tanh', (2, 6, 6), 3, 20, torch.float64),
]
BETA = 0.01
LAMBDA = 0.7
EFFECTIVE_SAMPLES = 4


def save_safetensors(path, tensors, metadata=None):
    """The format by hand: length, JSON header, bytes; tensors as the safetensors library orders them, by name."""
    names = {torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64'}
    header, data = {}, b''
    if metadata:
        header['__metadata__'] = metadata
    for name in sorted(tensors):
        t = tensors[name].contiguous()
        raw = t.view(torch.int16).numpy().tobytes() if t.dtype == torch.bfloat16 else t.numpy().tobytes()
        header[name] = {'dtype': names[t.dtype], 'shape': list(t.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + data)


class Network:
    """A Sequential as a function of one parameter vector in Heft's layout: (fan_in + 1) x fan_out a layer, bias last."""

    def __init__(self, modules):
        self.net = nn.Sequential(*modules)
        self.layers = [m for m in self.net if hasattr(m, 'weight')]
        self.sizes = [(m.weight[0].numel() + 1) * m.weight.shape[0] for m in self.layers]
        self.k = sum(self.sizes)

    def vector(self):
        blocks = []
        for m in self.layers:
            w = m.weight.detach().reshape(m.weight.shape[0], -1)
            blocks.append(torch.cat([w.t(), m.bias.detach()[None, :]]).reshape(-1))
        return torch.cat(blocks)

    def forward(self, w, x):
        """Returns the logits and what leaves each hidden activation."""
        hidden, offset, index = [], 0, 0
        for m in self.net:
            if hasattr(m, 'weight'):
                block = w[offset:offset + self.sizes[index]].reshape(-1, m.weight.shape[0])
                weight, bias = block[:-1].t().reshape(m.weight.shape), block[-1]
                offset += self.sizes[index]
                index += 1
                x = (nn.functional.conv2d(x, weight, bias, m.stride, m.padding) if isinstance(m, nn.Conv2d)
                     else nn.functional.linear(x, weight, bias))
            else:
                x = m(x)
                if isinstance(m, (nn.Tanh, nn.ReLU)):
                    hidden.append(x)
        return x, hidden


def jacobian(outputs, inputs):
    """Row by row, the slow way."""
    rows = [torch.autograd.grad(o, inputs, retain_graph=True)[0].reshape(-1) for o in outputs.reshape(-1)]
    return torch.stack(rows).detach()


def spectrum(matrix):
    values = torch.linalg.eigvalsh(matrix).flip(0)
    return {'trace': matrix.trace().item(), 'eigenvalues': values.tolist()}


def information(matrix, squared_norm, beta, lam):
    """theory.md section 3 with dense determinants."""
    k = matrix.shape[0]
    m = torch.eye(k) + (lam ** 2 / beta) * matrix
    return 0.5 * (torch.linalg.slogdet(m)[1] - k + torch.linalg.inv(m).trace() + squared_norm / lam ** 2).item()


def blocks_of(net):
    ends = np.cumsum(net.sizes)
    return [slice(int(e - s), int(e)) for e, s in zip(ends, net.sizes)]


def measure(net, w, x, y):
    """Fisher three ways, Hessian, and the loss's gradient."""
    n = x.shape[0]
    wg = w.clone().requires_grad_(True)
    exact, empirical = torch.zeros(net.k, net.k), torch.zeros(net.k, net.k)
    for i in range(n):
        z = net.forward(wg, x[i:i + 1])[0][0]
        logp = torch.log_softmax(z, 0)
        g = jacobian(logp, wg)
        p = torch.softmax(z.detach(), 0)
        exact += g.t() @ (p[:, None] * g) / n
        empirical += torch.outer(g[y[i]], g[y[i]]) / n

    def loss(v):
        return nn.functional.cross_entropy(net.forward(v, x)[0], y)

    value = loss(wg)
    gradient = torch.autograd.grad(value, wg)[0]
    hessian = torch.autograd.functional.hessian(loss, w)
    return value.item(), gradient, exact, empirical, 0.5 * (hessian + hessian.t())


def effective(net, w, x, covariance_of_weights):
    """theory.md section 6 for the first samples: F = Jx^T Sigma_z^+ Jx of every hidden activation and of the logits."""
    n, d = x.shape[0], x[0].numel()
    flat = x.reshape(n, d)
    centred = flat - flat.mean(0)
    result = None
    for i in range(EFFECTIVE_SAMPLES):
        wg, xg = w.clone().requires_grad_(True), x[i:i + 1].clone().requires_grad_(True)
        z, hidden = net.forward(wg, xg)
        layers = hidden + [z]
        if result is None:
            result = [{'fisher_trace': [], 'information': [], 'information_unbiased': [], 'fisher_diagonal': [],
                       'active': [], 'rank': []} for _ in layers]
        for out, layer in zip(result, layers):
            jw, jx = jacobian(layer, wg), jacobian(layer, xg)
            sigma = jw @ covariance_of_weights @ jw.t()
            active = sigma.diagonal() > 0
            values, vectors = torch.linalg.eigh(sigma[active][:, active])
            keep = values > 1e-10 * values[-1] if len(values) else values > 0
            root = (vectors[:, keep] / values[keep].sqrt()).t() @ jx[active]
            fisher = root.t() @ root
            out['active'].append(int(active.sum()))
            out['rank'].append(int(keep.sum()))
            out['fisher_trace'].append(fisher.trace().item())
            out['fisher_diagonal'].append(fisher.diagonal().tolist())
            for key, divisor in (('information', n), ('information_unbiased', n - 1)):
                # |I + Sigma_x F| = |I + R Sigma_x R^T|, R the root of F
                m = torch.eye(root.shape[0]) + root @ (centred.t() @ centred / divisor) @ root.t()
                out[key].append(0.5 * torch.linalg.slogdet(m)[1].item())
    return result


def reference(name, modules, names, architecture, activation, shape, classes, n, dtype, seed):
    rng = np.random.RandomState(seed)
    net = Network(modules)
    for m in net.layers:
        m.weight.data = torch.tensor(rng.randn(*m.weight.shape) * 1.3 / math.sqrt(m.weight[0].numel())).to(dtype).double()
        m.bias.data = torch.tensor(rng.randn(*m.bias.shape) * 0.2).to(dtype).double()
    x = torch.tensor(rng.randn(n, *(shape if shape[1] * shape[2] > 1 else shape[:1])))
    y = torch.tensor(rng.randint(0, classes, n))
    tensors = {}
    for label, m in zip(names, net.layers):
        tensors[label + '.weight'], tensors[label + '.bias'] = m.weight.data.to(dtype), m.bias.data.to(dtype)
    save_safetensors(os.path.join(HERE, name + '.safetensors'), tensors)
    np.save(os.path.join(HERE, name + '-inputs.npy'), x.numpy())
    np.save(os.path.join(HERE, name + '-labels.npy'), y.numpy())

    w = net.vector()
    z = net.forward(w, x)[0].detach()
    loss, gradient, exact, empirical, hessian = measure(net, w, x, y)
    variance = torch.tensor(np.exp(rng.randn(net.k) * 0.5 - 2.0)) ** 2
    sigma_star = BETA * torch.linalg.inv(exact + BETA / LAMBDA ** 2 * torch.eye(net.k))
    parts = blocks_of(net)
    q = torch.distributions.Normal(w, variance.sqrt())
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros(net.k), LAMBDA))
    return {
        'name': name, 'architecture': architecture, 'activation': activation, 'input': list(shape), 'classes': classes,
        'samples': n, 'parameters': net.k, 'beta': BETA, 'lambda': LAMBDA,
        'weights': w.tolist(), 'logits': z.reshape(-1).tolist(), 'loss': loss,
        'error': (z.argmax(1) != y).double().mean().item(), 'gradient': gradient.tolist(),
        'fisher': {'layers': [spectrum(exact[p, p]) for p in parts], 'network': spectrum(exact)},
        'empirical_fisher': {'layers': [spectrum(empirical[p, p]) for p in parts], 'network': spectrum(empirical)},
        'hessian': dict(spectrum(hessian), norm=hessian.norm().item(), fisher_norm=exact.norm().item(),
                        difference_norm=(hessian - exact).norm().item()),
        'information': {'layers': [information(exact[p, p], (w[p] @ w[p]).item(), BETA, LAMBDA) for p in parts],
                        'network': information(exact, (w @ w).item(), BETA, LAMBDA)},
        'log_determinant': torch.linalg.slogdet(torch.eye(net.k) + LAMBDA ** 2 / BETA * exact)[1].item(),
        'mean_field': {'variance': variance.tolist(), 'kl_layers': [kl[p].sum().item() for p in parts],
                       'kl': kl.sum().item()},
        'effective_mean_field': effective(net, w, x, torch.diag(variance)),
        'effective_fisher': effective(net, w, x, sigma_star),
    }


def binary_kl(q, p):
    value = Decimal(0)
    if q > 0:
        value += q * (q / p).ln()
    if q < 1:
        value += (1 - q) * ((1 - q) / (1 - p)).ln()
    return value


def binary_kl_inverse(q, c):
    if c == 0:
        return q
    low, high = q, Decimal(1)
    for _ in range(200):
        middle = (low + high) / 2
        if middle == 1 or (middle > 0 and binary_kl(q, middle) > c):
            high = middle
        else:
            low = middle
    return low


def bounds():
    """theory.md section 5 in 60 digits."""
    getcontext().prec = 60
    rows = []
    for q, kl, n, delta, beta_pac in [('0.05', '120', '10000', '0.05', '1'), ('0', '0', '1000', '0.01', '2'),
                                      ('0', '5000', '60000', '0.035', '0.6'), ('0.5', '10', '200', '0.05', '5'),
                                      ('1', '3', '50', '0.1', '1'), ('0.02', '1e-9', '1000000', '1e-6', '10'),
                                      ('0.3', '1e6', '1000', '0.05', '0.51'), ('1e-12', '2.5', '100000', '0.05', '0.75'),
                                      ('0.999', '0.1', '100000', '0.05', '3')]:
        e, k, m, d, b = (Decimal(v) for v in (q, kl, n, delta, beta_pac))
        c = (k + (2 * m.sqrt() / d).ln()) / m
        draws, delta_draws = Decimal(1000), Decimal('0.01')
        rows.append({'empirical': float(e), 'kl': float(k), 'samples': float(m), 'delta': float(d), 'beta_pac': float(b),
                     'pac_bayes_kl': float(binary_kl_inverse(e, c)), 'mcallester': float(e + (c / 2).sqrt()),
                     'lagrangian': float((e + b / m * (k - d.ln())) / (1 - 1 / (2 * b))),
                     'draws': float(draws), 'delta_draws': float(delta_draws),
                     'empirical_bound': float(binary_kl_inverse(e, (2 / delta_draws).ln() / draws))})
    inverse = []
    for q in ('0', '1e-15', '1e-6', '0.1', '0.5', '0.9', '0.999999', '1'):
        for c in ('0', '1e-12', '1e-6', '0.01', '0.5', '3', '40', '1000'):
            inverse.append([float(Decimal(q)), float(Decimal(c)), float(binary_kl_inverse(Decimal(q), Decimal(c)))])
    return {'bounds': rows, 'binary_kl_inverse': inverse}


def types():
    """One tensor in every floating-point type, with the value each element has in double precision."""
    values = torch.tensor([[0.0, -0.0, 1.0, -2.5], [65504.0, 6.103515625e-05, 5.9604644775390625e-08, 0.333251953125]])
    tensors = {'f16': values.half(), 'bf16': values.bfloat16(), 'f32': (values / 3).float(), 'f64': values / 3,
               'steps': torch.tensor([1, 2, 3])}
    save_safetensors(os.path.join(HERE, 'types.safetensors'), tensors, {'format': 'pt', 'note': 'größer'})
    return {name: t.double().reshape(-1).tolist() for name, t in tensors.items()}


def main():
    for seed, case in enumerate(CASES):
        with open(os.path.join(HERE, case[0] + '.json'), 'w') as f:
            json.dump(reference(*case, seed=100 + seed), f, separators=(',', ':'))
            f.write('\n')
    for name, values in (('bounds', bounds()), ('types', types())):
        with open(os.path.join(HERE, name + '.json'), 'w') as f:
            json.dump(values, f, separators=(',', ':'))
            f.write('\n')


if __name__ == '__main__':
    main()
