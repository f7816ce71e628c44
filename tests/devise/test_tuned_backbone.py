"""Tests of backbones whose last blocks are others: cutting, scores, files."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from tests.devise.tuning_toys import SIDE, Step, backbone
from wordbridge.devise.model_file import Fitted, write_fitted
from wordbridge.devise.tuned_backbone import TunedBackbone, cut_before, tuned_backbone
from wordbridge.errors import InputError
from wordbridge.images.backbones import Block, ConvNorm, EfficientNetLite, load_backbone, parts


def shown(count: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(256, (count, SIDE, SIDE, 3), dtype=torch.uint8, generator=generator)


def stirred(blocks: nn.Sequential) -> nn.Sequential:
    """Return a copy of the blocks with other numbers."""
    made = deepcopy(blocks)
    with torch.no_grad():
        for numbers in made.parameters():
            numbers += 0.3
    return made


def written(folder: Path, made: nn.Sequential, **described: Any) -> list[Path]:
    files = [folder / "model.safetensors", folder / "settings.json"]
    tensors = {name: numbers.contiguous() for name, numbers in made.state_dict().items()}
    write_fitted(Fitted(tensors, {"kind": "backbone", **described}), *files)
    return files


def test_a_body_is_cut_before_its_last_blocks_stages_or_not():
    body = backbone().body
    first, last = cut_before(body, 2)
    assert [type(layer) for layer in last] == [Step, Step]
    assert last[1] is body[1][1]
    images = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    assert torch.equal(last(first(images)), body(images))


def test_the_blocks_of_known_networks_are_bottlenecks_and_single_convolutions():
    with torch.device("meta"):
        lite, resnet, mobile = (
            parts(EfficientNetLite("efficientnet_lite0")),
            parts(models.resnet50(weights=None)),
            parts(models.mobilenet_v3_small(weights=None)),
        )
    assert [type(layer) for layer in cut_before(lite[0], 3)[1]] == [Block, Block, ConvNorm]
    assert cut_before(resnet[0], 2)[1][0] is resnet[0][-1][1]  # the second of layer4
    assert len(cut_before(mobile[0], 2)[1]) == 2


@pytest.mark.parametrize("blocks", [0, 3, 99])
def test_a_number_of_blocks_that_leaves_none_before_them_is_refused(blocks: int):
    with pytest.raises(InputError, match=rf"expected 1 to 2, as .* 3 blocks, got {blocks}"):
        cut_before(backbone().body, blocks)


@pytest.mark.parametrize("pooling", ["average", "concatenated"])
def test_the_same_blocks_give_the_same_to_the_bit(pooling: str):
    plain = backbone()
    tuned = TunedBackbone(plain, deepcopy(cut_before(plain.body, 2)[1]), 2)
    for wanted, made in zip(plain(shown(), pooling), tuned(shown(), pooling), strict=True):
        assert torch.equal(wanted, made)


def test_other_blocks_change_features_and_no_class_scores(tmp_path: Path):
    plain = backbone()
    files = written(tmp_path, stirred(cut_before(plain.body, 1)[1]), blocks=1)
    tuned = tuned_backbone(plain, files)
    before, after = plain(shown()), tuned(shown())
    assert not torch.isclose(before[0], after[0]).any()
    assert torch.equal(before[1], after[1])
    assert not any(numbers.requires_grad for numbers in tuned.parameters())


def test_without_files_a_backbone_stays_what_it_is():
    plain = backbone()
    assert tuned_backbone(plain, []) is plain


def test_blocks_of_another_network_and_settings_without_blocks_are_refused(tmp_path: Path):
    plain = backbone()
    blocks = cut_before(plain.body, 1)[1]
    with pytest.raises(InputError, match=r"0\.0\.bias: expected shape"):
        tuned_backbone(plain, written(tmp_path, blocks, blocks=2))
    with pytest.raises(InputError, match="the number of tuned blocks, got None"):
        tuned_backbone(plain, written(tmp_path, blocks))


def test_a_loaded_network_is_cut_after_its_norms_are_folded(tmp_path: Path):
    torch.save(EfficientNetLite("efficientnet_lite0").state_dict(), tmp_path / "weights")
    plain = load_backbone("efficientnet_lite0", tmp_path / "weights")
    names = cut_before(plain.body, 1)[1].state_dict()
    assert sorted(names) == ["0.0.bias", "0.0.weight"]
