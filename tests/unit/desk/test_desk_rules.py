from portal.desk.rules import action_words


def test_action_words_known_noun_and_verb_in_both_languages():
    assert action_words("application.submit").as_dict() == {"ko": "신청 · 제출", "en": "Application · submitted"}


def test_action_words_unknown_verb_keeps_its_code():
    assert action_words("application.juggle").ko == "신청 · juggle"


def test_action_words_without_a_verb_is_the_noun():
    assert action_words("review").ko == "평가"
