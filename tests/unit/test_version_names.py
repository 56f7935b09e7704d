"""How versionSource and versionType decide the name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.requests.version_names import LARGEST_PART, next_version_name, parse_source
from shared.states.enums import VersionType

parts = st.integers(0, LARGEST_PART - 1)


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        ("0.0", VersionType.MAJOR, "1.0.0"),
        ("0", VersionType.MAJOR, "1.0.0"),
        ("0.0.0", VersionType.MAJOR, "1.0.0"),
        ("0.0", VersionType.MINOR, "0.1.0"),
        ("1.2", VersionType.PATCH, "1.2.1"),
        ("1.2.3", VersionType.MINOR, "1.3.0"),
        ("9.9.9", VersionType.MAJOR, "10.0.0"),
    ],
)
def test_the_named_part_is_counted_up_and_the_rest_begins_anew(source, kind, name):
    assert next_version_name(source, kind) == name


@pytest.mark.parametrize(
    "source", ["", "1.", ".1", "01", "1.02", "1.2.3.4", "1.0-beta", " 1", "1 ", "1\n", "-1", "1,0", "٣", "2147483648"]
)
def test_what_is_no_version_source_is_refused(source):
    with pytest.raises(ValueError, match=r"must be|larger"):
        parse_source(source)


def test_a_part_never_grows_beyond_what_a_gallery_takes():
    with pytest.raises(ValueError, match="at most"):
        next_version_name(f"{LARGEST_PART}", VersionType.MAJOR)


@given(parts, parts, parts, st.sampled_from(VersionType))
def test_the_name_is_larger_than_its_source(major, minor, patch, kind):
    source = f"{major}.{minor}.{patch}"
    assert parse_source(next_version_name(source, kind)) > parse_source(source)
