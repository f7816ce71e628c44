from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from wordbridge.errors import InputError
from wordbridge.images.backbones import (
    BACKBONES,
    Backbone,
    Preprocessing,
    fuse_norms,
    load_backbone,
    read_weights,
)
from wordbridge.images.decoding import CenterCrop
from wordbridge.images.efficientnet import EfficientNetLite

LITE = "efficientnet_lite0"


def with_random_norms(network: nn.Module) -> nn.Module:
    """Return a network whose running means and variances are not all the same."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.9, 1.4, generator=generator)
            for tensor in (module.bias.data, module.running_mean):
                tensor.uniform_(-0.1, 0.1, generator=generator)
    return network.eval()


def saved(folder: Path, network: nn.Module) -> Path:
    torch.save(network.state_dict(), folder / "weights")
    return folder / "weights"


def random_pixels(count: int, side: int) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(256, (count, side, side, 3), dtype=torch.uint8, generator=generator)


def test_features_are_maxima_then_means():
    body = nn.Conv2d(3, 2, 1, bias=False)
    body.weight.data[:] = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).view(2, 3, 1, 1)
    preprocessing = Preprocessing(CenterCrop(2, 2, "bilinear"), (0.0,) * 3, (1 / 255,) * 3)
    backbone = Backbone(body, nn.Linear(2, 4), preprocessing)
    images = torch.zeros(1, 2, 2, 3, dtype=torch.uint8)
    images[0, 0, 1] = torch.tensor([8, 4, 200])
    features, scores = backbone(images, "concatenated")
    assert features.tolist() == [[8, 4, 2, 1]]
    assert backbone(images, "average")[0].tolist() == [[2, 1]]
    assert torch.equal(scores, backbone.classifier(torch.tensor([[2.0, 1]])))


def test_lite_is_loaded_by_position_and_has_the_outputs_of_the_network(tmp_path: Path):
    network = with_random_norms(EfficientNetLite(LITE))
    backbone = load_backbone(LITE, saved(tmp_path, network))
    images = random_pixels(2, 48)
    with torch.inference_mode():
        maps = network.features(images.permute(0, 3, 1, 2) / 127.5 - 1)
        expected = network.classifier(maps.mean(dim=(2, 3)))
        _, scores = backbone(images)
    torch.testing.assert_close(scores, expected, rtol=1e-3, atol=1e-4)
    assert backbone.preprocessing.crop == CenterCrop(224, 256, "bicubic")
    assert not any(parameter.requires_grad for parameter in backbone.parameters())


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "efficientnet_b0"])
def test_the_outputs_are_those_of_torchvision(tmp_path: Path, name: str):
    from torchvision import models

    network = with_random_norms(models.get_model(name, weights=None))
    save_file(network.state_dict(), tmp_path / "weights")
    backbone = load_backbone(name, tmp_path / "weights", 224)
    images = random_pixels(1, 64)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in backbone.preprocessing[1:])
    with torch.inference_mode():
        expected = network((images.permute(0, 3, 1, 2) / 255 - mean) / std)
        _, scores = backbone(images)
    torch.testing.assert_close(scores, expected, rtol=1e-3, atol=1e-4)
    assert backbone.preprocessing.crop == CenterCrop(224, 224, backbone.preprocessing.crop[2])


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_has_features_logits_and_a_preprocessing(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    for function in ("read_weights", "_by_position"):
        monkeypatch.setattr(f"wordbridge.images.backbones.{function}", lambda *_: {})
    monkeypatch.setattr(nn.Module, "load_state_dict", lambda *_: None)
    with torch.device("meta"):
        backbone = load_backbone(name, "none")
        features, scores = backbone(torch.zeros(2, 64, 64, 3, dtype=torch.uint8), "concatenated")
    assert scores.shape == (2, 1000)
    assert features.shape[1] % 2 == 0
    cut = backbone.preprocessing.crop
    assert cut.short_side >= cut.side >= 224


def test_fused_norms_change_the_outputs_by_rounding_only():
    layers = [nn.Conv2d(3, 5, 2), nn.BatchNorm2d(5), nn.ReLU(), nn.BatchNorm2d(5)]
    network = with_random_norms(nn.Sequential(*layers))
    images = torch.randn(2, 3, 7, 4, generator=torch.Generator().manual_seed(5))
    expected = network(images)
    fuse_norms(network)
    assert isinstance(network[1], nn.Identity)
    assert isinstance(network[3], nn.BatchNorm2d)  # no convolution just before it
    torch.testing.assert_close(network(images), expected)


def test_weights_of_another_network_are_refused(tmp_path: Path):
    network = EfficientNetLite("efficientnet_lite1")
    with pytest.raises(InputError, match="expected 296 tensors in order, got 386 others"):
        load_backbone(LITE, saved(tmp_path, network))
    with pytest.raises(InputError, match=r"as resnet18: Missing key.*; use the weights"):
        load_backbone("resnet18", saved(tmp_path, network))


def test_sorted_tensors_are_refused_for_a_file_that_is_read_by_position(tmp_path: Path):
    state = EfficientNetLite(LITE).state_dict()
    torch.save({name: state[name] for name in sorted(state)}, tmp_path / "weights")
    with pytest.raises(InputError, match="expected 296 tensors in order"):
        load_backbone(LITE, tmp_path / "weights")


@pytest.mark.parametrize("content", [b"", b"no weights", b"<html>", b"PK\x03\x04", None])
def test_a_file_without_weights_is_one_line(tmp_path: Path, content: bytes | None):
    path = tmp_path / "weights"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="no weights can be read") as caught:
        load_backbone(LITE, path)
    assert len(str(caught.value).splitlines()) == 1


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_only_tensors_are_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Trap()}, tmp_path / "weights")
    with pytest.raises(InputError, match="no weights can be read"):
        read_weights(tmp_path / "weights")
    torch.save({"a": [1]}, tmp_path / "weights")
    with pytest.raises(InputError, match="expected a dictionary of tensors"):
        read_weights(tmp_path / "weights")
    assert not (tmp_path / "sprung").exists()


def test_an_unknown_name_and_a_short_side_are_errors(tmp_path: Path):
    with pytest.raises(InputError, match="expected one of efficientnet_lite0, "):
        load_backbone("vgg16", tmp_path)
    path = saved(tmp_path, EfficientNetLite(LITE))
    with pytest.raises(InputError, match="at least 224 pixels, got 200"):
        load_backbone(LITE, path, 200)
