"""The tiny network with a manifestation node for each of its conditions, all named by its findings."""

from __future__ import annotations

OCCULT = {"infection": 0.2, "compression": 0.1, "fracture": 0.3}
NODES = "".join(
    f'[[variable]]\nname = "{name}_manifest"\nrole = "manifestation"\nstates = ["occult", "manifest"]\n'
    f'parents = ["{name}"]\ndefinition = "Whether it shows."\n\n'
    for name in OCCULT
)
FEVER, WEAKNESS = 'parents = ["setting", "infection"]\ndefinition = "38', 'parents = ["compression", "fracture"]'
HIDDEN = {
    '[[variable]]\nname = "fever"': f'{NODES}[[variable]]\nname = "fever"',
    FEVER: FEVER.replace('"infection"', '"infection_manifest"'),
    WEAKNESS: 'parents = ["compression_manifest", "fracture_manifest"]',
}
SHARES = tuple(
    {"id": f"occult.{name}", "of": f"{name}_manifest=occult", "given": f"{name}=present", "value": share}
    for name, share in OCCULT.items()
)
