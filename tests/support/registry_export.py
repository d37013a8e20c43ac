"""An export as a registry writes it: German and English, dates, codes, commas; with what it ought to be read as."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import numpy as np

JA = ("ja", "nein", "k.A.")
FLAGS = {  # column of the export → column of a case file
    "Nachtschweiß": "night_sweats", "Gewichtsverlust": "weight_loss", "Ruheschmerz": "rest_pain",
    "Nachtschmerz": "night_pain", "Osteoporose": "osteoporosis", "Kortison": "steroid_use",
    "Taubheit_Bein": "leg_numbness", "Reithosenanästhesie": "saddle_anaesthesia",
    "Blasenstoerung": "bladder_dysfunction", "Gangstörung": "gait_disturbance",
    "Klopfschmerz": "spinal_tenderness", "recent infection": "recent_infection",
}  # fmt: skip
TRAUMA = {"keines": "none", "Stolpersturz": "minor", "Verkehrsunfall": "major"}
PARESIS = {"keine": "absent", "stabil": "stable", "progredient": "progressive"}
CANCER = {"1": "none", "2": "other_primary", "3": "spine_seeking_primary"}  # which the export does not tell
DIAGNOSES = ("M54.5", "M54.5", "M54.4", "M51.1", "M46.46", "S32.01", "C79.5", "G83.4")
OUTCOMES = {"infection": "M46.4", "malignancy": "C79.5", "fracture": "S32.0", "cauda_equina": "G83.4"}


def registry_export(rows: int = 300, seed: int = 5) -> tuple[str, list[dict[str, str]]]:
    """The export as CSV, and the same cases in the words of a case file (blank cells left out)."""
    rng = np.random.default_rng(seed)
    exported, cases = [], []
    for number in range(rows):
        line, case = _person(rng, number)
        exported.append(line)
        cases.append({column: word for column, word in case.items() if word})
    text = io.StringIO()
    writer = csv.DictWriter(text, list(exported[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(exported)
    return text.getvalue(), cases


def _person(rng: np.random.Generator, number: int) -> tuple[dict[str, str], dict[str, str]]:
    seen = date(2022, 1, 1) + timedelta(int(rng.integers(0, 900)))
    born = date(seen.year - int(rng.integers(20, 88)), int(rng.integers(1, 13)), int(rng.integers(1, 29)))
    days = int(rng.integers(0, 400))
    temperature, crp, esr = int(rng.integers(355, 400)), int(rng.integers(1, 300)), int(rng.integers(2, 140))
    sex, nrs = "mw"[int(rng.integers(2))], int(rng.integers(0, 11))
    line = {
        "Fallnummer": f"F{number:05d}", "Geburtsdatum": f"{born:%d.%m.%Y}", "Aufnahmedatum": f"{seen:%d.%m.%Y %H:%M}",
        "Geschlecht": sex, "Temperatur": _comma(temperature), "NRS Schmerz": str(nrs),
        "Schmerzbeginn": f"{seen - timedelta(days):%d.%m.%Y}",
    }  # fmt: skip
    case = {
        "case_id": f"F{number:05d}", "sex": {"m": "male", "w": "female"}[sex],
        "age": str(seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))),
        "pain_duration_weeks": f"{days // 7}", "fever": "yes" if temperature >= 380 else "no",
        "severe_pain": "yes" if nrs >= 8 else "no",
    }  # fmt: skip
    if rng.random() < 0.1:
        line["Temperatur"], case["fever"] = "-9", ""
    for theirs, ours in FLAGS.items():
        line[theirs] = JA[int(rng.choice(3, p=[0.15, 0.7, 0.15]))]
        case[ours] = {"ja": "yes", "nein": "no"}.get(line[theirs], "")
    parts = [str(rng.choice([0, 1, 9], p=[0.8, 0.1, 0.1])) for _ in range(3)]
    line |= dict(zip(("HIV", "Chemotherapie", "Transplantation"), parts, strict=True))
    case["immunosuppression"] = "yes" if "1" in parts else "" if "9" in parts else "no"
    trauma, paresis, cancer = (str(rng.choice(list(words))) for words in (TRAUMA, PARESIS, CANCER))
    line |= {"Trauma": trauma, "Parese": paresis, "Tumoranamnese": cancer}
    case |= {"trauma": TRAUMA[trauma], "leg_weakness": PARESIS[paresis], "cancer_history": CANCER[cancer]}
    mri, diagnosis = str(rng.choice(["unauffällig", "auffällig", ""])), str(rng.choice(DIAGNOSES))
    line |= {
        "Restharn (ml)": str(int(rng.integers(0, 400))), "CRP [mg/dl]": _comma(crp),
        "BSG": str(esr) if rng.random() < 0.9 else "999", "MRT Befund": mri, "Hauptdiagnose": diagnosis,
        "Symptome___1": str(int(rng.integers(2))), "Symptome___2": str(int(rng.integers(2))),
        "Station": f"{int(rng.integers(1, 5))}B", "Bemerkung": 'sagt "seit gestern", mehr nicht' if number % 7 else "",
    }  # fmt: skip
    case |= {
        "bladder_volume_ml": line["Restharn (ml)"], "crp_mg_l": str(crp),
        "esr_mm_h": "" if line["BSG"] == "999" else line["BSG"],
        "mri": {"unauffällig": "normal", "auffällig": "abnormal"}.get(mri, ""),
    }  # fmt: skip
    case |= {outcome: "yes" if diagnosis.startswith(code) else "no" for outcome, code in OUTCOMES.items()}
    return line, case


def _comma(tenths: int) -> str:
    return f"{tenths // 10},{tenths % 10}"
