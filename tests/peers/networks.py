"""The networks and the training step to measure against, in PyTorch: parameter names as in arcface_torch's
state_dict, so that one set of weights fits both sides. Input (n, 3, 112, 112), output (n, 512)."""
import math

import torch
from torch import nn
from torch.nn import functional

EMBEDDING = 512
STAGES = {"iresnet18": (2, 2, 2, 2), "iresnet50": (3, 4, 14, 3), "iresnet100": (3, 13, 30, 3)}
NETWORKS = [*STAGES, "mobilefacenet"]


def convolution(c, k, size, stride=1, padding=None, groups=1):
    padding = size // 2 if padding is None else padding
    return nn.Conv2d(c, k, size, stride, padding, groups=groups, bias=False)


class Block(nn.Module):
    """BN - conv - BN - PReLU - conv (stride) - BN, plus the raw input or its 1x1 projection."""

    def __init__(self, c, k, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c)
        self.conv1 = convolution(c, k, 3)
        self.bn2 = nn.BatchNorm2d(k)
        self.prelu = nn.PReLU(k)
        self.conv2 = convolution(k, k, 3, stride)
        self.bn3 = nn.BatchNorm2d(k)
        projected = stride != 1 or c != k
        self.downsample = nn.Sequential(convolution(c, k, 1, stride), nn.BatchNorm2d(k)) if projected else None

    def forward(self, x):
        y = self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x)))))
        return self.bn3(y) + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.conv1 = convolution(3, 64, 3)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        c = 64
        for stage, (count, k) in enumerate(zip(blocks, (64, 128, 256, 512)), 1):
            layer = [Block(c if i == 0 else k, k, 2 if i == 0 else 1) for i in range(count)]
            self.add_module(f"layer{stage}", nn.Sequential(*layer))
            c = k
        self.bn2 = nn.BatchNorm2d(512)
        self.fc = nn.Linear(512 * 7 * 7, EMBEDDING)
        self.features = nn.BatchNorm1d(EMBEDDING)
        self.features.weight.requires_grad = False
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(torch.flatten(self.bn2(x), 1)))


class Bricks(nn.Module):
    """Modules in sequence under the name `layers`; `residual` adds the input."""

    def __init__(self, *layers, residual=False):
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.residual = residual

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


def linear_block(c, k, size, **options):
    return Bricks(convolution(c, k, size, **options), nn.BatchNorm2d(k))


def conv_block(c, k, size, **options):
    return Bricks(convolution(c, k, size, **options), nn.BatchNorm2d(k), nn.PReLU(k))


def depth_wise(c, k, stride, groups, residual=False):
    return Bricks(conv_block(c, groups, 1), conv_block(groups, groups, 3, stride=stride, groups=groups),
                  linear_block(groups, k, 1), residual=residual)


def residuals(count, c, groups):
    return Bricks(*(depth_wise(c, c, 1, groups, residual=True) for _ in range(count)))


class MobileFaceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([
            conv_block(3, 128, 3, stride=2),
            conv_block(128, 128, 3, groups=64),
            depth_wise(128, 128, 2, 128), residuals(4, 128, 128),
            depth_wise(128, 256, 2, 256), residuals(6, 256, 256),
            depth_wise(256, 256, 2, 512), residuals(2, 256, 256)])
        self.conv_sep = conv_block(256, 512, 1)
        self.features = Bricks(linear_block(512, 512, 7, padding=0, groups=512), nn.Flatten(),
                               nn.Linear(512, EMBEDDING, bias=False), nn.BatchNorm1d(EMBEDDING))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.features(self.conv_sep(x))


class ArcFace(nn.Module):
    """Mean cross-entropy of s cos(angle + m to the own class). x (n, 512), labels (n)."""

    def __init__(self, classes, scale=64.0, margin=0.5):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, EMBEDDING) * 0.01)
        self.scale, self.cos_m, self.sin_m = scale, math.cos(margin), math.sin(margin)

    def forward(self, x, labels):
        cosine = functional.linear(functional.normalize(x), functional.normalize(self.weight)).clamp(-1, 1)
        own = cosine.gather(1, labels[:, None])
        sine = torch.sqrt((1 - own * own).clamp_min(1e-12))
        logits = cosine.scatter(1, labels[:, None], own * self.cos_m - sine * self.sin_m)
        return functional.cross_entropy(self.scale * logits, labels)


def make(name):
    return MobileFaceNet() if name == "mobilefacenet" else IResNet(STAGES[name])


@torch.no_grad()
def settle(network):
    """For inference: running statistics of random images, so that activations are sized as in a trained network."""
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.momentum = 1.0
    network.train()(torch.rand(8, 3, 112, 112) * 2 - 1)
    return network.eval()
