"""Tests of the losses by hand-made cases."""

import pytest
import torch

from wordbridge.devise.head import contrastive_loss, draw_negatives, hinge_rank_loss, losses

X, Y, Z = torch.eye(3)


def loss_of(
    kind: str, predicted: torch.Tensor, target: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    settings = {"kind": kind, "margin": 0.1, "temperature": 0.1}
    return losses(settings, predicted, target, labels, torch.eye(3))


def test_cosine_loss_ignores_lengths() -> None:
    predicted = torch.stack([2 * X, X, -X, X + Y])
    expected = [0, 1, 2, 1 - 0.5**0.5]
    loss = loss_of("cosine", predicted, torch.stack([X, Y, X, X]), torch.zeros(4))
    torch.testing.assert_close(loss, torch.tensor(expected))


def test_l1_loss_is_the_mean_absolute_difference() -> None:
    loss = loss_of("l1", torch.stack([X, 3 * Y]), torch.stack([Y, Y]), torch.zeros(2))
    torch.testing.assert_close(loss, torch.tensor([2 / 3, 2 / 3]))


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        (X, 0.0),  # right by more than the margin
        (0.05 * X, 2 * 0.05),  # by less, before two others
        (Y, 1.1 + 0.1),  # wrong before Y, and not right enough before Z
        (torch.zeros(3), 0.2),
    ],
)
def test_the_hinge_rank_loss_is_that_of_the_paper(predicted: torch.Tensor, expected: float) -> None:
    negatives = torch.stack([X, Y, Z])  # X itself does not count
    loss = hinge_rank_loss(predicted[None], X[None], negatives, 0.1)
    torch.testing.assert_close(loss, torch.tensor([expected]))


@pytest.mark.parametrize("predicted", [X + Y, 5 * X, -Z])
def test_the_contrastive_loss_is_a_cross_entropy_of_cosines_without_twins(
    predicted: torch.Tensor,
) -> None:
    cosines = predicted / predicted.norm()
    expected = -torch.log_softmax(cosines / 0.5, dim=0)[0]
    for negatives in ([X, Y, Z], [Y, Z], [X, X, Y, Z]):  # the target itself counts once
        loss = contrastive_loss(predicted[None], X[None], torch.stack(negatives), 0.5)
        torch.testing.assert_close(loss, expected[None])


def test_softmax_loss_ignores_images_without_a_label() -> None:
    scores = torch.tensor([[0.0, 0.0], [9.0, 1.0]])
    loss = loss_of("softmax", scores, scores, torch.tensor([1, -1]))
    torch.testing.assert_close(loss, torch.tensor([2.0]).log().repeat(2) * torch.tensor([1, 0]))


@pytest.mark.parametrize(("count", "drawn"), [(None, 5), (5, 5), (9, 5), (2, 2)])
def test_negatives_are_drawn_without_replacement(count: int | None, drawn: int) -> None:
    vectors = torch.arange(5.0)[:, None]
    torch.manual_seed(1)
    got = draw_negatives(vectors, count)
    assert len(got) == len(set(got.flatten().tolist())) == drawn


@pytest.mark.parametrize("kind", ["cosine", "l1", "hinge_rank", "contrastive", "softmax"])
def test_every_kind_gives_one_loss_per_image(kind: str) -> None:
    predicted, labels = torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])
    loss = loss_of(kind, predicted, torch.eye(3)[labels], labels)
    assert loss.shape == (4,)
    assert loss.sum().isfinite()
