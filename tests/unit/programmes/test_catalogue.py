"""The catalogue, papers and targets: sound as shipped, and every broken entry refused by its line."""

import pytest

from portal.programmes import catalogue
from portal.programmes.rules import ProgrammeStatus, Sureness, Tier
from portal.reference.loading import BrokenData

PROGRAMME = """
[[programme]]
code = "GOV"
ko = "정부형"
en = "Government"
summary_ko = "요약"
summary_en = "Summary"
tiers = ["ADVANCED"]
kind = "build"
audience = "sme"
status = "active"
consortium = true
regional = false
subsidy_ratio = 0.5
own_ratio = 0.5
scope = ["MES"]
documents = ["application-form"]
source = "notice"
sureness = "V"
figures = "V"
"""


def read(tmp_path, text):
    path = tmp_path / "programmes.toml"
    path.write_text(text, encoding="utf-8")
    return catalogue.read_programmes(path, technologies={"MES"}, documents={"application-form"})


def faults(tmp_path, text):
    with pytest.raises(BrokenData) as refused:
        read(tmp_path, text)
    return [(fault.line, fault.message.en) for fault in refused.value.faults]


def test_shipped_catalogue_holds_every_programme():
    rows = {row.code: row for row in catalogue.read_programmes()}
    assert set(rows) == {
        "AUTO", "DCOL", "LIGHT", "AIFAC", "GOV", "GOV2", "MIN", "CARB", "REG", "WIN1", "WIN2", "WINS", "WINA",
        "AUTOM", "ROBOT", "BASIC", "LVL", "AS", "MEIS", "SUPD",
    }  # fmt: skip
    assert (rows["AUTO"].tiers, rows["AUTO"].level_min, rows["AUTO"].scope) == ((Tier.LEADING,), 2, ("AI", "DT", "AAS"))
    assert (rows["GOV"].ceiling_krw, rows["GOV"].ceiling_same_level_krw) == (200_000_000, 50_000_000)
    assert {code for code, row in rows.items() if row.status is ProgrammeStatus.ENDED} == {"LIGHT", "GOV2"}
    assert all(row.valid_to for row in rows.values() if row.status is ProgrammeStatus.ENDED)


def test_no_recalled_figure_is_shipped_as_a_rule():
    assert all(row.figures is not Sureness.RECALLED for row in catalogue.read_programmes())


def test_shipped_papers_know_what_stays_on_file():
    papers = {paper.code: paper for paper in catalogue.read_documents()}
    assert (papers["level-certificate"].on_file, papers["level-certificate"].months) == (True, 36)
    assert papers["application-form"].made_here
    assert papers["bonus-proof"].optional
    used = {code for row in catalogue.read_programmes() for code in row.documents}
    assert used <= set(papers)


def test_primary_target_adds_up_to_25000():
    goals = {(row.set_code, row.code): row.value for row in catalogue.read_targets()}
    assert goals["midas-2027", "total"] == 25_000
    assert goals["midas-2027", "leading-advanced"] + goals["midas-2027", "basic"] == 25_000
    assert goals["ai-3.0-2030", "ai-factories"] == 12_000


def test_sound_entry_is_read(tmp_path):
    assert [row.code for row in read(tmp_path, PROGRAMME)] == ["GOV"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('code = "GOV"', 'code = "gov"', "gov: a code is 2-12 capitals and digits."),
        ('ko = "정부형"\n', "", "GOV: 'ko' is missing."),
        ('"ADVANCED"', '"MIDDLE"', "GOV: unknown 'MIDDLE' in 'tiers'."),
        ('"build"', '"gift"', "GOV: unknown 'gift' in 'kind'."),
        ('"MES"', '"MAS"', "GOV: unknown 'MAS' in 'scope'."),
        ('"application-form"', '"form"', "GOV: unknown 'form' in 'documents'."),
        ("own_ratio = 0.5", "own_ratio = 0.6", "GOV: the shares add up to more than 1."),
        ("own_ratio = 0.5", "own_ratio = 5", "GOV: 'own_ratio' must be within 0-1."),
        ("consortium = true", 'consortium = "yes"', "GOV: 'consortium' has the wrong kind of value."),
        ('figures = "V"', 'figures = "V"\nceiling = 1', "GOV: unknown key 'ceiling'."),
    ],
)
def test_broken_entry_is_refused_by_its_line(tmp_path, old, new, message):
    found = faults(tmp_path, PROGRAMME + PROGRAMME.replace("GOV", "TWO").replace(old.replace("GOV", "TWO"), new))
    assert (22, message.replace("GOV", "TWO")) in found


def test_second_entry_of_a_code_is_refused(tmp_path):
    assert faults(tmp_path, PROGRAMME + PROGRAMME) == [(22, "GOV: the code appears twice.")]


def test_broken_toml_is_refused_by_its_line(tmp_path):
    (line, message), *rest = faults(tmp_path, "\n\n[[programme\n")
    assert (line, rest) == (3, [])
    assert message.startswith("not valid TOML")


def test_file_without_entries_is_refused(tmp_path):
    assert faults(tmp_path, "# nothing\n") == [(1, "there is no [[programme]].")]
