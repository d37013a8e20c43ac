"""What a scan's plain reading and its parts say of each other."""

from __future__ import annotations

import numpy as np

from riskmodel.evidence.plain_readings import is_open, plain_readings, reading_of, settled_masks
from tests.support.masks import MODEL, ROW, SCORER, case, random_cases

MRI_PARTS = ("mri_tumour", "mri_infection", "mri_fracture", "mri_compression", "mri_nerve_compression")


def test_the_shipped_scans():
    assert plain_readings(MODEL.variables) == {
        "xray": ("xray_fracture",), "ct": ("ct_fracture",), "mri": MRI_PARTS,
    }  # fmt: skip
    assert reading_of(MODEL.variables)["mri_compression"] == "mri"


def test_what_is_known_of_a_scan_settles_its_parts_and_the_other_way_round():
    normal = settled_masks(MODEL.variables, case(mri="normal"))
    assert {int(normal[ROW[part], 0]) for part in MRI_PARTS} == {1}
    shown = settled_masks(MODEL.variables, case(mri_tumour="present"))
    assert shown[ROW["mri"], 0] == 2
    assert {int(shown[ROW[part], 0]) for part in MRI_PARTS[1:]} == {3}
    abnormal = settled_masks(MODEL.variables, case(mri="abnormal", mri_tumour="absent"))
    assert np.array_equal(abnormal, case(mri="abnormal", mri_tumour="absent"))


def test_a_contradiction_stays_as_it_is_recorded():
    masks = case(mri="normal", mri_tumour="present", xray_fracture="present")
    settled = settled_masks(MODEL.variables, masks)
    assert (settled[ROW["mri"], 0], settled[ROW["mri_tumour"], 0], settled[ROW["xray"], 0]) == (1, 2, 2)


def test_settling_changes_no_posterior():
    """The network's own tables say all of it."""
    masks = random_cases(3_000, np.random.default_rng(4))
    before = masks.copy()
    settled = settled_masks(MODEL.variables, masks)
    assert np.array_equal(masks, before)
    assert (settled != masks).any(axis=0).sum() > 500
    first, second = SCORER.posterior(masks), SCORER.posterior(settled)
    np.testing.assert_allclose(first.probability, second.probability, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(first.evidence, second.evidence, rtol=1e-10)


def test_what_a_scan_shows_is_open_once_it_is_done():
    def names(**states: str) -> set[str]:
        is_unknown = is_open(MODEL.variables, case(**states))[:, 0]
        return {v.name for v, unknown in zip(MODEL.variables, is_unknown, strict=True) if unknown}

    scans = {"xray", "ct", "mri", "xray_fracture", "ct_fracture", *MRI_PARTS}
    assert names() & scans == {"xray", "ct", "mri"}
    assert names(mri="normal") & scans == {"xray", "ct"}
    assert names(mri="abnormal") & scans == {"xray", "ct", *MRI_PARTS}
    assert names(mri_tumour="present") & scans == {"xray", "ct", *MRI_PARTS[1:]}
    assert names(mri_tumour="absent") & scans == {"xray", "ct", "mri", *MRI_PARTS[1:]}
    assert "fever" in names()
    assert "fever" not in names(fever="absent")
