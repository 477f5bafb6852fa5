"""The whole story in a real browser: from sign-up to a closed consultation, and what the auditor sees of it."""

from __future__ import annotations

import re

NEW_PASSWORD = "봄볕 드는 작업장 넓은 창 9"
# Right check digits of numbers that no tax office gave out.
NUMBERS = {"journey": "998-81-10018"}


class Firm:
    """One new firm on its way; the words it looks for are those of its language."""

    def __init__(self, person, language, number, email):
        self.person, self.language, self.number, self.email = person, language, number, email

    def say(self, korean, english):
        return korean if self.language == "ko" else english

    def signs_up(self):
        who = self.person
        who.go("/").look("front").go("/sign-up").look("sign-up")
        who.press_in("form:has([name=registration_number])").look("sign-up-empty")
        who.fill(
            kind="company",
            registration_number=self.number,
            organisation_name="여정정공 (합성)",
            name="한여정",
            email=self.email,
            phone="010-1234-5678",
            password=NEW_PASSWORD,
            consent_terms=True,
            consent_privacy=True,
            consent_supplier_sharing=True,
        ).press_in("form:has([name=registration_number])")
        who.look("check-mail")
        who.go(f"/demo/mail?to={self.email}").look("mailbox")
        who.page.locator("main a[href*='/demo/mail/']").first.click()
        who.look("letter")
        link = re.search(r"http://\S+/confirm/\S+", who.text)
        assert link, who.text
        who.go(link.group(0))
        who.sign_in(self.email, NEW_PASSWORD)
        assert who.page.url.endswith("/home"), (who.page.url, who.text)
        who.look("home")


def test_journey(visitor):
    hana = Firm(visitor("firm"), "ko", NUMBERS["journey"], "journey@example.kr")
    hana.signs_up()
