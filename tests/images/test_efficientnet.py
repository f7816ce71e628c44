import pytest
import torch

from wordbridge.images.efficientnet import SCALES, EfficientNetLite, SameConv


@pytest.mark.parametrize(
    ("name", "millions", "tensors", "blocks"),
    [
        ("efficientnet_lite0", 4.652, 296, 16),
        ("efficientnet_lite1", 5.417, 386, 21),
        ("efficientnet_lite2", 6.092, 386, 21),
    ],
)
def test_the_sizes_are_those_of_the_published_weights(
    name: str, millions: float, tensors: int, blocks: int
):
    network = EfficientNetLite(name)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.001)
    assert len(network.state_dict()) == tensors
    assert len(network.features) == blocks + 2


def test_feature_maps_are_a_32nd_of_the_image_rounded_up():
    network = EfficientNetLite("efficientnet_lite0").eval()
    with torch.inference_mode():
        assert network.features(torch.zeros(1, 3, 64, 70)).shape == (1, 1280, 2, 3)


@pytest.mark.parametrize(("side", "kernel", "first"), [(6, 3, 0), (7, 3, 1), (6, 5, 1), (7, 5, 2)])
def test_odd_padding_is_on_the_right_and_at_the_bottom(side: int, kernel: int, first: int):
    convolution = SameConv(1, 1, kernel, stride=2)
    torch.nn.init.zeros_(convolution.weight)
    convolution.weight.data[0, 0, first, first] = 1  # the first output is then pixel (0, 0)
    image = torch.arange(float(side * side)).view(1, 1, side, side) + 1
    output = convolution(image)
    assert output.shape[2:] == ((side + 1) // 2,) * 2
    assert torch.equal(output[0, 0], image[0, 0, ::2, ::2])


def test_every_network_has_its_side():
    assert {name: side for name, (*_, side) in SCALES.items()} == {
        "efficientnet_lite0": 224,
        "efficientnet_lite1": 240,
        "efficientnet_lite2": 260,
    }
