"""A 사업자등록번호 is refused for one wrong digit."""

from portal.accounts.rules import has_check_digit

# 116-82-00276 and 134-86-72683 are the examples of python-stdnum's documentation.
RIGHT = ("1168200276", "1348672683", "9998100015")


def test_right_numbers_are_accepted():
    assert [has_check_digit(number) for number in RIGHT] == [True, True, True]


def test_every_other_last_digit_is_refused():
    accepted = [digit for digit in range(10) if has_check_digit(f"116820027{digit}")]
    assert accepted == [6]


def test_each_single_wrong_digit_of_the_first_eight_is_refused():
    number = RIGHT[0]
    wrong = [
        number[:place] + str(digit) + number[place + 1 :]
        for place in range(8)
        for digit in range(10)
        if str(digit) != number[place]
    ]
    assert [one for one in wrong if has_check_digit(one)] == []


def test_what_is_no_ten_digits_is_refused():
    assert [has_check_digit(text) for text in ("", "116820027", "116-82-0027", "１１６８２００２７６")] == [False] * 4
