"""Certificates: the same trial gives the same bytes, and whoever verifies one is told exactly what differs."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.errors import DataError
from helios_engine.proof.certificates import self_tests
from helios_engine.proof.certificates.certificate import Certificate, canonical, signed_content
from helios_engine.proof.certificates.evidence import merkle_root
from helios_engine.proof.certificates.verifying import verify
from helios_engine.proof.zoo.self_test import SelfTest
from tests.unit.test_cli import EMA, ROOT, helios

# Leaves and roots of the tests of certificate-transparency (RFC 6962).
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config, its catalog, and the certificate of a trial."""
    place = tmp_path_factory.mktemp("made")
    shutil.copytree(ROOT / "data_catalog/sample", place / "catalog")
    (place / "config.toml").write_text(EMA.replace("../data_catalog/sample", "catalog"))
    words = ("prove", "config.toml", "--layer", "artefacts", "--certificate", "run.cert")
    found = helios(*words, cwd=place, XDG_CACHE_HOME=str(place / "no-cache"))
    assert found.returncode == 0, found.stdout + found.stderr
    return place


@pytest.fixture
def there(made: Path, tmp_path: Path) -> Path:
    """Another place to which all of it was brought."""
    return shutil.copytree(made, tmp_path / "there")


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Forge an unsigned certificate: change it and set its digest right."""
    plain = json.loads(path.read_bytes())
    change(plain)
    forged = msgspec.convert(plain, Certificate)
    forged = msgspec.structs.replace(forged, digest=hashlib.sha256(signed_content(forged)).hexdigest())
    path.write_bytes(canonical(forged))


def test_a_certificate_says_what_the_self_test_of_this_engine_came_to(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(there / "cache"))
    kept = SelfTest(seeds=3, leaks=9, killed=8, runs=12, false_alarms=1, facts=4, facts_agreed=3, layers={})
    self_tests.keep(kept, self_tests.engine_digest())

    found = helios("prove", "config.toml", "--layer", "artefacts", "--certificate", "tested.cert", cwd=there)

    told = json.loads((there / "tested.cert").read_bytes())["trial"]["self_test"]
    assert told.startswith("killed 8 of 9 planted leaks, false alarms in 1 of 12 runs")
    assert told in found.stdout


def test_the_same_trial_gives_the_same_bytes_anywhere(made: Path, there: Path) -> None:
    words = ("prove", there / "config.toml", "--layer", "artefacts", "--certificate", "again.cert")
    again = helios(*words, cwd=there.parent, XDG_CACHE_HOME=str(there / "no-cache"))

    assert again.returncode == 0, again.stderr
    content = (made / "run.cert").read_bytes()
    assert (there.parent / "again.cert").read_bytes() == content
    assert str(ROOT).encode() not in content
    assert str(made).encode() not in content
    plain = json.loads(content)
    assert plain["trial"]["self_test"] == "not run"
    assert "prefix" in plain["trial"]["layers_not_run"]
    assert plain["evidence"]["data"][0]["name"] == "BTCZAR.VALR"
    assert "proved" not in content.decode()


def test_an_untouched_certificate_verifies_in_another_folder_and_in_full(there: Path) -> None:
    found = helios("verify", "run.cert", "--full", "--config", "config.toml", cwd=there)

    assert found.returncode == 0, found.stdout + found.stderr
    assert "same       head decisions" in found.stdout
    assert "same       verdict strategy.cross" in found.stdout
    assert found.stdout.endswith("run.cert: the same\n")


def flip_a_byte(place: Path) -> None:
    file = next((place / "catalog/bars/BTCZAR.VALR/1h").glob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def doubt(place: Path) -> None:
    manifest = place / "catalog/bars/BTCZAR.VALR/1h/manifest.json"
    plain = json.loads(manifest.read_text())
    plain["issues"] = [{"kind": "gap", "severity": "warn", "ts_from": 1, "ts_to": 2, "detail": "x"}]
    manifest.write_text(json.dumps(plain))


def other_key(place: Path) -> None:
    config = place / "config.toml"
    config.write_text(config.read_text().replace("slow = 24", "slow = 25"))


def move_away(place: Path) -> None:
    (place / "catalog").rename(place / "elsewhere")


def forged(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    return lambda place: rewrite(place / "run.cert", change)


def head(plain: dict[str, Any]) -> None:
    plain["evidence"]["heads"]["decisions"] = "0" * 64


def library(plain: dict[str, Any]) -> None:
    plain["evidence"]["libraries"]["numpy"] = "0.1"


def plugin_file(plain: dict[str, Any]) -> None:
    plugin = next(p for p in plain["evidence"]["plugins"] if p["name"] == "strategies")
    plugin["files"]["cross.py"] = "0" * 64


def engine_file(plain: dict[str, Any]) -> None:
    plain["evidence"]["engine"]["files"]["fees.toml"] = "0" * 64


def gone_plugin(plain: dict[str, Any]) -> None:
    plain["evidence"]["plugins"][0]["package"] = "no_such_package.plugin"


def root(plain: dict[str, Any]) -> None:
    plain["evidence"]["data_root"] = "0" * 64


def verdict(plain: dict[str, Any]) -> None:
    plain["verdicts"][0]["verdict"] = "violation"


@pytest.mark.parametrize(
    ("change", "arguments", "code", "said"),
    [
        (flip_a_byte, (), 1, "DIFFERS    data bars BTCZAR.VALR 1h: 2026-"),
        (doubt, (), 1, "DIFFERS    data bars BTCZAR.VALR 1h: the manifest says something else"),
        (other_key, ("--config", "config.toml"), 1, "DIFFERS    config: stage[0].slow: certified 24, found 25"),
        (move_away, (), 4, "UNCHECKED  data bars BTCZAR.VALR 1h: no bars BTCZAR.VALR 1h in the catalog"),
        (forged(head), (), 1, "DIFFERS    head decisions: certified 000000000000, found"),
        (forged(library), (), 0, "note       library numpy: certified with 0.1, found"),
        (forged(plugin_file), (), 1, "DIFFERS    plugin strategies: cross.py: certified 000000000000, found"),
        (forged(engine_file), (), 1, "DIFFERS    helios_engine: fees.toml: certified 000000000000, found"),
        (forged(gone_plugin), (), 4, "its package no_such_package.plugin is not installed here"),
        (forged(root), (), 1, "data_root is not the Merkle root"),
        (forged(verdict), ("--full",), 1, "DIFFERS    verdict catalog.bars:BTCZAR.VALR:1h: certified violation"),
        (lambda place: (place / "run.cert").write_text("{"), (), 3, "not a readable certificate"),
        (lambda place: (place / "run.cert").write_text("{}"), (), 3, "expected a certificate of the format"),
        (lambda place: (place / "run.cert").unlink(), (), 3, "not a readable certificate"),
    ],
)
def test_what_differs_is_named_and_has_its_exit_code(
    there: Path, change: Callable[[Path], None], arguments: tuple[str, ...], code: int, said: str
) -> None:
    change(there)

    found = helios("verify", "run.cert", *arguments, cwd=there)

    assert found.returncode == code, found.stdout + found.stderr
    assert said in found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def test_another_catalog_may_be_named(there: Path) -> None:
    move_away(there)

    assert helios("verify", "run.cert", "--catalog", "elsewhere", cwd=there).returncode == 0


def test_a_certificate_that_was_edited_by_hand_is_noticed(there: Path) -> None:
    path = there / "run.cert"
    path.write_bytes(path.read_bytes().replace(b'"exit_code": 0', b'"exit_code": 4'))
    assert [c.state for c in verify(path).checks][:1] == ["differs"]

    path.write_bytes(path.read_bytes().replace(b"\n", b"\n ", 1))
    with pytest.raises(DataError, match="not canonical JSON"):
        verify(path)


@pytest.fixture(scope="module")
def signed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signed certificate, its key and another key."""
    pytest.importorskip("cryptography")
    place = shutil.copytree(made, tmp_path_factory.mktemp("signed") / "place")
    for name in ("mine", "other"):
        assert helios("key", "new", name, cwd=place).returncode == 0
    arguments = ("--layer", "artefacts", "--certificate", "run.cert", "--sign", "mine")
    assert helios("prove", "config.toml", *arguments, cwd=place).returncode == 0
    return place


def test_a_signature_says_who_and_the_wrong_key_is_told(signed: Path) -> None:
    assert (signed / "mine").stat().st_mode & 0o777 == 0o600
    assert helios("key", "new", "mine", cwd=signed).returncode == 2
    right = helios("verify", "run.cert", "--key", "mine.pub", cwd=signed)
    wrong = helios("verify", "run.cert", "--key", "other.pub", cwd=signed)

    assert right.returncode == 0, right.stdout + right.stderr
    assert "same       signature: by " in right.stdout
    assert wrong.returncode == 1
    assert "which is not the key in other.pub" in wrong.stdout


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a certificate stands, empty lists and tables included."""
    if isinstance(value, dict | list) and value:
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, key))
    else:
        yield path


def flipped(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case None | dict() | list():
            return "x"
        case _:
            return value[:-1] + ("0" if value[-1:] != "0" else "1")


def test_a_change_of_any_field_of_a_signed_certificate_is_noticed(signed: Path, tmp_path: Path) -> None:
    plain = json.loads((signed / "run.cert").read_bytes())
    path = tmp_path / "run.cert"
    places = list(leaves(plain))
    assert len(places) > 200
    for place in places:
        changed = copy.deepcopy(plain)
        at = changed
        for key in place[:-1]:
            at = at[key]
        at[place[-1]] = flipped(at[place[-1]])
        path.write_bytes(canonical(changed))
        try:
            code = verify(path, key=signed / "mine.pub").exit_code
        except DataError:
            code = 3
        assert code in (1, 3), place


def test_a_forger_cannot_set_digest_and_signature_right(signed: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.cert"
    for change in (head, verdict, root):
        shutil.copy(signed / "run.cert", path)
        rewrite(path, change)
        assert "differs" in {c.state for c in verify(path).checks if c.what == "signature" or change is root}
    shutil.copy(signed / "run.cert", path)
    rewrite(path, lambda plain: plain.update(signature="", public_key=""))
    assert verify(path, key=signed / "mine.pub").exit_code == 1


def test_without_cryptography_the_error_names_the_command_that_brings_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['cryptography'] = None; from helios_engine.cli import main; main(['key','new','k'])"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert found.returncode == 4
    assert "pip install 'helios-engine[sign]'" in found.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", ROOTS)
def test_the_merkle_root_is_that_of_rfc_6962(count: int) -> None:
    assert merkle_root(LEAVES[:count]) == ROOTS[count]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=12), st.data())
def test_the_merkle_root_changes_with_any_leaf(data: list[bytes], draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    changed = [*data[:place], data[place] + b"x", *data[place + 1 :]]

    assert merkle_root(changed) != merkle_root(data)
    assert merkle_root([*data, b""]) != merkle_root(data)


@given(PLAIN)
def test_canonical_json_is_stable_and_has_no_floats(value: Any) -> None:
    content = canonical(value)
    found: list[float] = []
    again = json.loads(content, parse_float=found.append)

    assert found == []
    assert canonical(again) == content


@pytest.fixture(scope="module")
def contaminated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on recorded replies whose model may know the run's span, and the certificate of its trial."""
    place = tmp_path_factory.mktemp("contaminated")
    text = (ROOT / "configs/six_kinds_bars.toml").read_text()
    text = text.replace("../data_catalog/sample", str(ROOT / "data_catalog/sample"))
    (place / "record.toml").write_text(text.replace('"llm.rules"\ndelay', '"llm.rules"\nrecord = "tape"\ndelay'))
    (place / "config.toml").write_text(
        text.replace('use = "llm.rules"', 'use = "llm.cassette"\nname = "llm.rules"\ncassette = "tape"')
    )
    assert helios("backtest", "record.toml", cwd=place).returncode == 0
    assert helios("artefact", "stamp", "tape", "--knowledge-cutoff", "2026-01-12", cwd=place).returncode == 0
    proved = helios("prove", "config.toml", "--layer", "artefacts", "--certificate", "run.cert", cwd=place)
    assert proved.returncode == 1, proved.stderr
    return place


def test_a_certificate_says_contaminated_and_names_an_artefact_that_was_changed(contaminated: Path) -> None:
    evidence = json.loads((contaminated / "run.cert").read_bytes())["evidence"]
    assert evidence["contaminated"].startswith("CONTAMINATED: tape (effect llm.rules")
    assert evidence["artefacts"][0]["provenance"]["knowledge_cutoff"] == "2026-01-12"
    assert helios("verify", "run.cert", cwd=contaminated).returncode == 0

    with (contaminated / "tape").open("a") as file:
        file.write("\n")
    changed = helios("verify", "run.cert", cwd=contaminated)
    assert changed.returncode == 1
    assert "DIFFERS    artefact tape of llm.rules: " in changed.stdout
