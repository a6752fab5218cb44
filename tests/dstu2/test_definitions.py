"""The fact tables are what the scripts build from the published definitions."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEFINITIONS = REPOSITORY / "fhirstore" / "dstu2" / "definitions"
PUBLISHED = REPOSITORY.parent / "shared" / "dstu2"


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published DSTU2 definitions are not beside the repository")
def test_rebuilding_gives_the_same_bytes() -> None:
    built = load_script("build_definitions").build(PUBLISHED) | load_script("build_terminology").build(PUBLISHED)
    shipped = {file.name: file.read_bytes() for file in DEFINITIONS.iterdir()}
    assert shipped.keys() == built.keys()
    for name, content in built.items():
        assert shipped[name] == content, f"{name} is not what the scripts build"


def test_every_table_stays_small_enough_to_read_in_a_diff() -> None:
    assert all(file.stat().st_size < 500 * 1024 for file in DEFINITIONS.iterdir())
