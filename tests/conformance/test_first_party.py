"""Everything the project offers passes the kit; what cannot be put on trial there is named with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from helios_engine.catalog.sample import write_world
from helios_engine.config import load_config, on_catalog
from helios_engine.plugins import Kind, Plugins
from helios_engine.proof.forks import answer_of
from helios_engine.proof.prover import prove
from helios_engine.testing import trials
from helios_engine.testing.kit import CHECKS, yield_checks
from tests.conformance.samples import SAMPLES

EVERYTHING = Path(__file__).with_name("everything.toml")
SETTINGS: dict[str, dict[str, Any]] = {
    "aggregation.larger_bars": {"timeframes": ["1h", "4h"]},
    "features.technical": {"timeframes": ["1h", "4h"]},
    "llm.strategist": {"every": "4h"},
    "ml.predictor": {"schema": "basic/1"},
}
ELSEWHERE = {
    "catalog.funding": "the kit's market has no perpetual; tests/unit/catalog/test_tick_feeds.py",
    "catalog.instruments": "the kit's market has no history of definitions; tests/unit/catalog/test_definitions.py",
    "catalog.bodies": "the kit's market has no plugin's bodies; tests/unit/catalog/test_tick_feeds.py",
    "catalog.features": "the kit has no market of stored features; tests/unit/test_feature_store.py",
    "llm.cassette": "it refuses what was not recorded; tests/unit/plugins/test_llm.py",
    "lean": "it reads instruments from folders' names; tests/unit/catalog/test_importers_freqtrade_lean.py",
    "nautilus-catalog": "it reads Parquet alone; tests/unit/catalog/test_importers_nautilus.py",
}
KNOWN: dict[tuple[str, str], str] = {
    # Any file may hold columns: it reads what the user maps, and never claims a file by itself.
    ("generic", "recognises"): "is not sure of its own",
}
"""Checks that a part does not pass, and words of why; the comment says why that is right."""
TICKS = """
[run]
name = "ticks"
stop = "2026-01-05T02:00:00Z"
[data]
catalog = "{catalog}"
[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}
[venue]
use = "nautilus.sim"
[[feed]]
use = "{feed}"
instrument = "BTCZAR.VALR"
[[stage]]
use = "testing.listener"
"""


def cases() -> Iterator[Any]:
    plugins = Plugins()
    for kind in get_args(Kind):
        for name in sorted(set(plugins.offers(kind)) - set(ELSEWHERE)):
            # One run in fresh processes judges all of them, below.
            for check in CHECKS.get(kind, {}).keys() - {"determinism"}:
                yield pytest.param(kind, name, check, id=f"{name}-{check}")


@pytest.fixture(scope="module")
def quoted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two catalogs of quotes and books, with other prices in each."""
    folders = tuple(tmp_path_factory.mktemp(f"quoted-{seed}") for seed in (7, 8))
    for seed, folder in zip((7, 8), folders, strict=True):
        # In a child, as the kit's own market: threads of pyarrow would be missing in later forks.
        answer_of(lambda folder=folder, seed=seed: len(write_world(folder, "2026-01-05", 1, seed, "1h", 0.0, 0, 0.0)))
    return folders[0], folders[1]


@pytest.mark.parametrize(("kind", "name", "check"), sorted(cases(), key=lambda case: str(case.id)))
def test_it_passes(kind: Kind, name: str, check: str, given: Callable[..., Any]) -> None:
    (mine,) = (c for c in yield_checks(given(kind, name)) if c.name == check)

    verdict = mine.verdict()

    if (name, check) in KNOWN:
        assert verdict.status != "passed", "it passes now: take it off KNOWN"
        assert KNOWN[name, check] in verdict.message
    else:
        assert verdict.status == "passed", verdict.message


@pytest.fixture
def given(
    helios_subject: Callable[..., Any], tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[Kind, str], Any]:
    """The subject with what it needs: settings, files of its format, or a catalog with ticks."""

    def make(kind: Kind, name: str) -> Any:
        if kind == "importer":
            return helios_subject(kind, name, files=SAMPLES[name].write(tmp_path), ask=SAMPLES[name].ask)
        if name not in ("catalog.quotes", "catalog.books"):
            return helios_subject(kind, name, settings=SETTINGS.get(name, {}))
        paths = [tmp_path / "one.toml", tmp_path / "other.toml"]
        for path, catalog in zip(paths, request.getfixturevalue("quoted"), strict=True):
            path.write_text(TICKS.format(catalog=catalog, feed=name), encoding="utf-8")
        return helios_subject(kind, name, config=paths[0], altered=paths[1])

    return make


@pytest.mark.slow
def test_nothing_depends_on_the_process_it_runs_in(helios_market: Path) -> None:
    found = prove(on_catalog(load_config(EVERYTHING), helios_market), layers=trials.STEADY)

    assert {row.part.name: row.verdict for row in found.rows if row.part.kind != "feed"} == dict.fromkeys(
        ["venue", *_offered("stage", "effect")], "no violation found"
    ), found.findings


def test_what_is_tried_elsewhere_is_offered_and_has_its_tests() -> None:
    assert set(ELSEWHERE) <= set(_offered(*get_args(Kind)))
    assert all(Path(why.rpartition("; ")[2]).exists() for why in ELSEWHERE.values())


def _offered(*kinds: Kind) -> list[str]:
    plugins = Plugins()
    found = [name for kind in kinds for name in plugins.offers(kind)]
    return [name for name in found if name not in ELSEWHERE or len(kinds) > 2]
