#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of networks made by PyTorch in double precision, for tests/nn/test-reference.c.

Run by hand with Debian's python3-torch:  /usr/bin/python3 tests/reference/nn.py > tests/reference/nn.json
Weight i of a network is 0.4 sin(1 + 1.7 i) in Heft's layout, input number j of a batch cos(0.9 j), the direction cos(2.3 i).
"""
import json
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
SAMPLES, CLASSES, IMAGE = 3, 4, (2, 7, 6)
ACTIVATIONS = {
    "linear": lambda x: x, "relu": F.relu, "leaky-relu": F.leaky_relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "softplus": F.softplus, "gelu": F.gelu,
}
CASES = [
    ("5-6", "tanh", [("dense", 5), "act", ("dense", 6), "act", ("dense", 4)]),
    ("5-6", "relu", [("dense", 5), "act", ("dense", 6), "act", ("dense", 4)]),
    ("5-6", "leaky-relu", [("dense", 5), "act", ("dense", 6), "act", ("dense", 4)]),
    ("5-6", "softplus", [("dense", 5), "act", ("dense", 6), "act", ("dense", 4)]),
    ("5", "gelu", [("dense", 5), "act", ("dense", 4)]),
    ("5", "sigmoid", [("dense", 5), "act", ("dense", 4)]),
    ("conv3x4s2p1-6", "tanh", [("conv", 4, 3, 2, 1), "act", ("dense", 6), "act", ("dense", 4)]),
    ("conv3x4-pool2-conv2x3-5", "relu",
     [("conv", 4, 3, 1, 0), "act", ("max", 2, 2, 0), ("conv", 3, 2, 1, 0), "act", ("dense", 5), "act", ("dense", 4)]),
    ("conv2x3-pool3s2p1-gelu-gap", "relu", [("conv", 3, 2, 1, 0), ("max", 3, 2, 1), "gelu", "gap", ("dense", 4)]),
    ("avgpool3s2p1-conv1x5", "softplus", [("avg", 3, 2, 1), ("conv", 5, 1, 1, 0), "act", ("dense", 4)]),
    ("conv3x4-norm2-gap", "tanh", [("conv", 4, 3, 1, 0), ("norm", 2), "act", "gap", ("dense", 4)]),
    ("6-norm-5", "gelu", [("dense", 6), ("norm", 1), "act", ("dense", 5), "act", ("dense", 4)]),
    ("conv3x3p1-(conv3x3p1-tanh-conv3x3p1)-avgpool2", "softplus",
     [("conv", 3, 3, 1, 1), "act", [("conv", 3, 3, 1, 1), "tanh", ("conv", 3, 3, 1, 1)], "act", ("avg", 2, 2, 0),
      ("dense", 4)]),
]


class Weights:
    """Hands out blocks of one vector, (fan_in + 1) x fan_out with the bias as last row."""

    def __init__(self, vector):
        self.vector, self.offset = vector, 0

    def take(self, fan_in, fan_out):
        n = (fan_in + 1) * fan_out
        block = self.vector[self.offset:self.offset + n].reshape(fan_in + 1, fan_out)
        self.offset += n
        return block[:-1].T, block[-1]


def apply(operations, x, weights, activation):
    for operation in operations:
        if isinstance(operation, list):
            x = x + apply(operation, x, weights, activation)
        elif isinstance(operation, str):
            if operation == "gap":
                x = x.mean(dim=(2, 3))
            else:
                x = ACTIVATIONS[activation if operation == "act" else operation](x)
        elif operation[0] == "dense":
            x = x.flatten(1)
            x = F.linear(x, *weights.take(x.shape[1], operation[1]))
        elif operation[0] == "conv":
            _, channels, kernel, stride, padding = operation
            matrix, bias = weights.take(x.shape[1] * kernel * kernel, channels)
            x = F.conv2d(x, matrix.reshape(channels, x.shape[1], kernel, kernel), bias, stride, padding)
        elif operation[0] == "max":
            x = F.max_pool2d(x, *operation[1:])
        elif operation[0] == "avg":
            x = F.avg_pool2d(x, *operation[1:])
        elif operation[0] == "norm":
            x = F.group_norm(x, operation[1])
    return x


def summary(x):
    """Fifteen entries spread over a vector, and its norm."""
    x = x.detach().flatten()
    places = [int(i * (len(x) - 1) / 14) for i in range(15)]
    return {"n": len(x), "norm": float(x.norm()), "values": [float(x[p]) for p in places]}


def case(architecture, activation, operations):
    x = torch.cos(0.9 * torch.arange(SAMPLES * IMAGE[0] * IMAGE[1] * IMAGE[2])).reshape(SAMPLES, *IMAGE)
    x.requires_grad_(True)
    labels = torch.tensor([(3 * s + 1) % CLASSES for s in range(SAMPLES)])
    many = Weights(torch.zeros(100000))
    apply(operations, x, many, activation)
    k = many.offset
    w = (0.4 * torch.sin(1 + 1.7 * torch.arange(k))).requires_grad_(True)
    v = torch.cos(2.3 * torch.arange(k))

    logits = apply(operations, x, Weights(w), activation)
    loss = F.cross_entropy(logits, labels, reduction="sum")
    gradient, input_gradient = torch.autograd.grad(loss, (w, x), create_graph=True)
    product, = torch.autograd.grad((gradient * v).sum(), w)
    _, tangent = torch.autograd.functional.jvp(lambda u: apply(operations, x, Weights(u), activation), w, v)
    return {"architecture": architecture, "activation": activation, "loss": float(loss), "logits": summary(logits),
            "gradient": summary(gradient), "input-gradient": summary(input_gradient), "hessian-vector": summary(product),
            "tangent": summary(tangent)}


print(json.dumps({"made-by": "PyTorch " + torch.__version__, "cases": [case(*c) for c in CASES]}, indent=1))
