"""Azure's limits on names hold for every id."""

import re

from hypothesis import given
from hypothesis import strategies as st

from shared.workflow.naming import gallery_target, staging, tags
from tests import builders

ids = st.uuids().map(str)


@given(ids)
def test_staging_names_are_within_azures_limits(version_id):
    names = staging(builders.import_job(version_id=version_id))
    assert re.fullmatch(r"[a-z][a-z0-9]{1,14}", names.vm), "a Windows computer name has at most 15 characters"
    assert not names.vm.isdigit()
    assert re.fullmatch(r"[A-Za-z0-9_().-]{1,89}[A-Za-z0-9_()-]", names.resource_group)
    for name in (names.nsg, names.nic, names.public_ip, names.os_disk):
        assert re.fullmatch(r"[a-z0-9][A-Za-z0-9_.-]{0,78}[A-Za-z0-9_]", name)


@given(ids, ids)
def test_names_differ_between_versions_and_stay_for_one(one, other):
    first = staging(builders.import_job(version_id=one))
    assert first == staging(builders.import_job(version_id=one))
    if one.replace("-", "")[:12] != other.replace("-", "")[:12]:
        assert first.vm != staging(builders.import_job(version_id=other)).vm


def test_tags_are_within_azures_limits():
    job = builders.import_job(org_id="o" * 128, image_name="n" * 64, catalog_name="c" * 64)
    for name, value in tags(job).items():
        assert len(name) <= 512
        assert len(value) <= 256


def test_the_longest_image_name_is_a_legal_definition_name():
    job = builders.copy_job(image_name="A" + "b-_" * 21)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", gallery_target(job).definition)


def test_tags_name_the_deployment_where_the_job_does():
    assert tags(builders.copy_job(catalog_name="mine"))["catalog"] == "mine"
    assert "catalog" not in tags(builders.copy_job())
