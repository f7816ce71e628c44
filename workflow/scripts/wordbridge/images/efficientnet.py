"""EfficientNet-Lite (Tan and Le, ICML 2019): ReLU6 for swish, no squeeze-and-excitation.

timm has the same network, but imports torchvision, takes 1.6 s and 180 MB more at each start and
needs huggingface_hub in the lock. Scales, widths and depths are those of the paper's Table 1.
"""

from math import ceil

from torch import Tensor, nn
from torch.nn.functional import pad

# The width multiplier, the depth multiplier, and the side of an image in pixels.
SCALES = {
    "efficientnet_lite0": (1.0, 1.0, 224),
    "efficientnet_lite1": (1.0, 1.1, 240),
    "efficientnet_lite2": (1.1, 1.2, 260),
}
# The number of blocks, the kernel size, the stride, the expansion and the channels of each stage.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SameConv(nn.Conv2d):
    """Convolution without bias and with TensorFlow's "same" padding.

    An odd number of zeros puts the extra one on the right and at the bottom.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
    ):
        padding = kernel // 2 if stride == 1 else 0  # symmetric padding needs no copy
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, outputs, ceil(height / stride), ceil(width / stride))."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride > 1:
            rows, columns = (kernel - stride + -side % stride for side in x.shape[2:])  # of zeros
            x = pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return super().forward(x)


class ConvNorm(nn.Sequential):
    """Convolution, batch norm with TensorFlow's epsilon, and ReLU6 unless ``linear``."""

    def __init__(self, convolution: SameConv, linear: bool = False):
        super().__init__(convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3))
        if not linear:
            self.append(nn.ReLU6(inplace=True))


class Block(nn.Module):
    """Inverted residual: expansion, depthwise convolution, linear projection."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        inner = inputs * expansion
        self.layers = nn.Sequential(
            *([ConvNorm(SameConv(inputs, inner))] if expansion > 1 else []),
            ConvNorm(SameConv(inner, inner, kernel, stride, groups=inner)),
            ConvNorm(SameConv(inner, outputs), linear=True),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, outputs, ceil(height / stride), ceil(width / stride))."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """``features`` computes feature maps, ``classifier`` logits of their average.

    The state dicts in the registry's packages list the same tensors in the same order.
    """

    def __init__(self, name: str):
        super().__init__()
        width, depth, _ = SCALES[name]
        inputs = 32
        self.features = nn.Sequential(ConvNorm(SameConv(3, inputs, 3, 2)))
        for blocks, kernel, stride, expansion, channels in STAGES:
            outputs = int(channels * width + 4) // 8 * 8  # the nearest multiple of 8
            # The depth multiplier leaves the first and the last stage at one block.
            for number in range(ceil(blocks * depth) if blocks > 1 else 1):
                block_stride = 1 if number else stride
                self.features.append(Block(inputs, outputs, kernel, block_stride, expansion))
                inputs = outputs
        self.features.append(ConvNorm(SameConv(inputs, 1280)))
        self.classifier = nn.Linear(1280, 1000)
