from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.experience.counts import (
    MOST_RANKS,
    MOST_REFUSALS,
    REFUSED_RANKS,
    Counts,
    TrackRecord,
    moved,
)

many = st.integers(0, 400)
some_counts = st.builds(Counts, many, many, many)


def plus(counts: Counts, **more: int) -> Counts:
    return counts + Counts(**more)


# The posterior


@pytest.mark.parametrize(
    ("counts", "chance"),
    [
        (Counts(), 1 / 2),
        (Counts(accepted=1), 2 / 3),
        (Counts(rejected=1), 1 / 3),
        (Counts(undecided=2), 1 / 3),
        (Counts(7, 1, 1), 8 / 10.5),
    ],
)
def test_the_chance_is_the_mean_of_the_posterior(counts: Counts, chance: float) -> None:
    assert counts.chance == pytest.approx(chance)


def test_the_interval_is_the_central_80_percent() -> None:
    low, high = Counts(accepted=2).interval  # Beta(3, 1): P(p < x) = x ** 3
    assert (low, high) == pytest.approx((0.1 ** (1 / 3), 0.9 ** (1 / 3)))
    assert Counts().interval == pytest.approx((0.1, 0.9))


@given(some_counts)
def test_what_was_accepted_speaks_for_a_rule_and_all_else_against_it(counts: Counts) -> None:
    better, worse = plus(counts, accepted=1), plus(counts, rejected=1)
    open_ = plus(counts, undecided=1)
    assert better.chance > counts.chance > open_.chance > worse.chance
    assert better.ranks <= counts.ranks <= open_.ranks <= worse.ranks


@given(some_counts)
def test_two_undecided_trials_weigh_as_much_as_one_rejected(counts: Counts) -> None:
    two, one = plus(counts, undecided=2), plus(counts, rejected=1)
    assert two.posterior == one.posterior
    assert two.ranks == one.ranks


# How far that moves a rule


@given(some_counts)
def test_a_rule_moves_only_where_the_interval_leaves_one_half_out(counts: Counts) -> None:
    low, high = counts.interval
    assert abs(counts.ranks) <= MOST_RANKS
    if low <= 0.5 <= high:
        assert counts.ranks == 0
    else:
        assert counts.ranks <= 0 if low > 0.5 else counts.ranks >= 0


@pytest.mark.parametrize(
    ("counts", "ranks"),
    [
        (Counts(), 0),
        (Counts(accepted=2), 0),
        (Counts(accepted=3), -12),
        (Counts(rejected=2), 0),
        (Counts(rejected=3), 12),
        (Counts(undecided=4), 0),
        (Counts(undecided=5), 11),
        (Counts(4, 1, 0), 0),
        (Counts(60, 40, 0), -4),
        (Counts(50, 50, 0), 0),
        (Counts(10**6, 0, 0), -MOST_RANKS),
        (Counts(0, 10**6, 0), MOST_RANKS),
        (Counts(10**18, 10**18, 10**18), 4),
    ],
)
def test_ranks_by_hand(counts: Counts, ranks: int) -> None:
    assert counts.ranks == ranks


@given(some_counts, st.integers(0, 50))
def test_refusals_of_this_session_move_a_rule_down_and_not_out_of_reach(
    counts: Counts, refused: int
) -> None:
    now, then = TrackRecord(counts, refused), TrackRecord(counts, refused + 1)
    assert counts.ranks <= now.ranks <= then.ranks <= MOST_RANKS + REFUSED_RANKS * MOST_REFUSALS
    assert (then.ranks > now.ranks) == (refused < MOST_REFUSALS)


# In words


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (TrackRecord(), ""),
        (TrackRecord(Counts(2, 1, 1)), "accepted 2 of 4 here"),
        (TrackRecord(Counts(7, 1, 1)), "accepted 7 of 9 here, so 10 ranks earlier"),
        (TrackRecord(Counts(), 1), "refused once in this session, so 15 ranks later"),
        (
            TrackRecord(Counts(7, 1, 1), 2),
            "accepted 7 of 9 here, refused 2 times in this session, so 20 ranks later",
        ),
    ],
)
def test_a_record_in_words(record: TrackRecord, told: str) -> None:
    assert str(record) == told


def test_one_rank_is_one_rank() -> None:
    assert moved(-1) == "1 rank earlier"
    assert moved(3) == "3 ranks later"
