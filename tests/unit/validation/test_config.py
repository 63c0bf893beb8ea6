"""Settings as Stash's form stores them, and what a person is told where one is wrong."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from tests.support.settings_examples import REQUIRED, TOKEN, parse, problems
from validation.config import HARMLESS, PathMapping, PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from validation.fields import FIELDS
from validation.problems import Problem, replaced_in_words
from validation.tag_patterns import TagPattern

OPTIONAL = [name for name in PlexSyncConfig.model_fields if name not in REQUIRED]
NUMBERS: dict[str, tuple[float, float, float]] = {  # default, lowest, highest
    "max_retries": (5, 1, 100),
    "poll_interval": (1.0, 0.1, 60.0),
    "connect_timeout": (5.0, 0.1, 120.0),
    "read_timeout": (30.0, 1.0, 600.0),
    "max_tags": (100, 1, 1000),
    "parallel_writes": (2, 1, 8),
    "dlq_retention_days": (30, 1, 365),
}
SWITCHES = [name for name, field in PlexSyncConfig.model_fields.items() if field.annotation is bool]
JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
)


def test_defaults() -> None:
    config = parse()
    assert config.plex_url == "http://plex:32400"
    assert config.plex_token.get_secret_value() == TOKEN
    assert (config.plex_library, config.path_map, config.skip_fields) == ((), (), frozenset())
    for name, (default, _, _) in NUMBERS.items():
        assert getattr(config, name) == default
    assert SWITCHES
    assert not any(getattr(config, name) for name in SWITCHES)


@pytest.mark.parametrize("unset", [None, "", "  ", 0, 0.0, False])
@pytest.mark.parametrize("name", OPTIONAL)
def test_what_the_form_stores_for_an_untouched_setting_means_its_default(name: str, unset: object) -> None:
    assert parse(**{name: unset}) == parse()


@pytest.mark.parametrize("zero", ["0", "0.0", "00"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_zero_as_text_is_a_zero(name: str, zero: str) -> None:
    assert parse(**{name: zero}) == parse()


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_may_be_text_and_have_bounds(name: str) -> None:
    _, lowest, highest = NUMBERS[name]
    for value in (lowest, highest):
        assert getattr(parse(**{name: value}), name) == value
        assert getattr(parse(**{name: f" {value} "}), name) == value
    wrong: list[object] = [lowest / 2, -lowest, highest + 1, "x", "1,5", True, float("nan"), "inf", [1]]
    for outside in wrong:
        (problem,) = parse(**{name: outside}).replaced if name in HARMLESS else problems(**{name: outside})
        assert problem.setting == name
        assert problem.allowed.endswith(f" from {lowest:g} to {highest:g}")


def test_a_problem_names_the_setting_the_value_what_is_allowed_and_where_to_change_it() -> None:
    (problem,) = problems(dlq_retention_days="x")
    assert problem == Problem("dlq_retention_days", '"x"', "", "a whole number of days from 1 to 365")
    assert str(problem) == (
        'dlq_retention_days must be a whole number of days from 1 to 365, but is "x". '
        "Change it under Settings > Plugins > PlexSync."
    )


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_a_wrong_value_that_can_do_no_harm_gives_way_to_its_default(name: str) -> None:
    config = parse(**{name: "nonsense", "max_tags": 7})
    assert getattr(config, name) == getattr(parse(), name)
    assert (config.max_tags, parse().replaced) == (7, ())
    (problem,) = config.replaced
    assert (problem.setting, problem.value_shown) == (name, '"nonsense"')
    assert replaced_in_words(problem) == f"{problem} Until then, its default is used."


def test_beside_a_value_that_may_do_harm_every_wrong_one_is_a_problem() -> None:
    assert [each.setting for each in problems(max_retries="x", max_tags="x")] == ["max_tags", "max_retries"]


@pytest.mark.parametrize(("value", "expected"), [(True, True), ("true", True), ("False", False), (False, False)])
@pytest.mark.parametrize("name", SWITCHES)
def test_switches(name: str, value: object, expected: bool) -> None:
    assert getattr(parse(**{name: value}), name) is expected


def test_a_switch_that_is_neither() -> None:
    assert problems(paused="perhaps") == (Problem("paused", '"perhaps"', "", "true or false"),)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (" http://plex:32400/ ", "http://plex:32400"),
        ("HTTPS://Plex.Example/prefix/", "https://Plex.Example/prefix"),
        ("http://[::1]:32400", "http://[::1]:32400"),
        ("http://plex:32400/web", "http://plex:32400"),
        ("http://plex:32400/web/", "http://plex:32400"),
        ("http://plex:32400/web/index.html#!/media/1a", "http://plex:32400"),
        ("https://example.com/plex/web/index.html", "https://example.com/plex"),
        ("https://example.com/webcam", "https://example.com/webcam"),
    ],
)
def test_addresses(url: str, expected: str) -> None:
    assert parse(plex_url=url).plex_url == expected


@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        ("192.168.1.2:32400", '"192.168.1.2:32400"', "not a web address"),
        ("ftp://plex", '"ftp://plex"', "not a web address"),
        ("http://", '"http://"', "not a web address"),
        ("http://a b", '"http://a b"', "not a web address"),
        ("http://plex:port", '"http://plex:port"', "the port must be a number from 1 to 65535"),
        ("http://plex:99999", '"http://plex:99999"', "the port must be a number from 1 to 65535"),
        ("http://plex:0", '"http://plex:0"', "the port must be a number from 1 to 65535"),
        ("http://[::1", '"http://[::1"', "Invalid IPv6 URL"),
        ("http://http://plex:32400", '"http://http://plex:32400"', '"http" is there twice'),
        ("http://me:pass@plex:32400", '"http://…@plex:32400"', "Plex takes no user name, only the token"),
        ("http://plex/?X-Plex-Token=other", '"http://plex/…"', "remove everything from the ? or # on"),
        ("http://plex/#!/other", '"http://plex/…"', "remove everything from the ? or # on"),
        ("some20characters1234", '"…"', "not a web address"),  # the token, pasted in the wrong place
    ],
)
def test_wrong_addresses_are_shown_without_what_may_be_secret(url: str, shown: str, reason: str) -> None:
    (problem,) = problems(plex_url=url)
    assert (problem.value_shown, problem.reason) == (shown, reason)


def test_the_environment_stands_in_for_address_and_token() -> None:
    environ = {"PLEX_URL": "http://other:1/", "PLEX_TOKEN": "other"}
    inherited = parse_settings({"plex_url": "", "plex_token": None}, environ)
    assert (inherited.plex_url, inherited.plex_token.get_secret_value()) == ("http://other:1", "other")
    assert parse_settings(REQUIRED, environ) == parse()


def test_a_wrong_value_from_the_environment_says_so() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings({"plex_token": TOKEN}, {"PLEX_URL": "plex:32400"})
    assert str(caught.value).endswith("Change it in the environment variable PLEX_URL.")


def test_without_address_and_token_both_are_problems() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings({}, {"PLEX_URL": " ", "PLEX_TOKEN": ""})
    address, token = caught.value.problems
    assert str(address) == "plex_url is empty. Set it under Settings > Plugins > PlexSync."
    assert str(token) == "plex_token is empty. Set it under Settings > Plugins > PlexSync."
    assert str(caught.value) == f"{address} {token}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"Films, short", Movies', ("Films, short", "Movies")),
        ('Movies , " Films, short "', ("Movies", "Films, short")),
        ('"Movies"', ("Movies",)),
        ('"Movies","Movies",Movies', ("Movies",)),
        ('"The ""best"", ever"', ('The "best", ever',)),
        ('19" screens, Movies', ('19" screens', "Movies")),
        ('"A" and "B", C', ('"A" and "B"', "C")),
        ('"", ,', ()),
    ],
)
def test_library_names_that_hold_a_comma_stand_in_quotes(text: str, names: tuple[str, ...]) -> None:
    assert parse(plex_library=text).plex_library == names


def test_in_a_list_of_folders_a_name_with_a_comma_stands_in_quotes() -> None:
    assert parse(exclude_paths='/one, "/two, three",/one').exclude_paths == ("/one", "/two, three")


@pytest.mark.parametrize("setting", ["exclude_tags", "tags_only", "tags_except"])
def test_a_tag_with_a_comma_in_its_name_stands_in_quotes(setting: str) -> None:
    wanted = (TagPattern("name", "one"), TagPattern("beginning", "two, three"))
    assert getattr(parse(**{setting: 'One, "Two, three*",One'}), setting) == wanted


def test_folders_are_absolute_paths() -> None:
    assert parse(exclude_paths=r"/data/raw/, D:\, //nas/raw").exclude_paths == ("/data/raw", "D:", "//nas/raw")
    (problem,) = problems(exclude_paths="/data, raw")
    assert (problem.setting, problem.reason) == ("exclude_paths", '"raw" is not an absolute path')


def test_library_names() -> None:
    assert parse(plex_library=" Movies, Größe & Co ,,Movies").plex_library == ("Movies", "Größe & Co")


def test_path_mappings() -> None:
    assert parse(path_map="/data/ => /media ; C:\\Scenes\\=>\\\\nas\\scenes;/=>/all;").path_map == (
        PathMapping("/data", "/media"),
        PathMapping("C:\\Scenes", "\\\\nas\\scenes"),
        PathMapping("/", "/all"),
    )


@pytest.mark.parametrize(
    ("path_map", "reason"),
    [
        ("/data", '"/data" needs one => between two folders'),
        ("/a => /b => /c", '"/a => /b => /c" needs one => between two folders'),
        ("/a =>", '"" in "/a =>" is not an absolute path'),
        ("data => /b", '"data" in "data => /b" is not an absolute path'),
        ("/a => /b; /a/ => /c", '"/a" is mapped twice'),
    ],
)
def test_wrong_path_mappings(path_map: str, reason: str) -> None:
    (problem,) = problems(path_map=path_map)
    assert (problem.value_shown, problem.reason) == (f'"{path_map}"', reason)


@given(names=st.sets(st.sampled_from(tuple(FIELDS))))
def test_fields_to_skip_in_any_case(names: set[str]) -> None:
    assert parse(skip_fields=" , ".join(name.upper() for name in names)).skip_fields == names


def test_an_unknown_field_to_skip() -> None:
    (problem,) = problems(skip_fields="title, artwork")
    assert problem.reason == '"artwork" is not a field'
    assert problem.allowed.startswith("any of title, sort_title, studio, ")


@pytest.mark.parametrize("interval", ["", "hourly", "Daily", " weekly "])
def test_intervals_of_reconciling_in_any_case(interval: str) -> None:
    assert parse(reconcile_interval=interval).reconcile_interval == interval.strip().lower()


@pytest.mark.parametrize("never", ["never", "None", "off", " No ", "disabled"])
def test_words_for_never(never: str) -> None:
    assert (parse(reconcile_interval=never).reconcile_interval, parse(reconcile_interval=never).replaced) == ("", ())


def test_an_unknown_interval() -> None:
    (problem,) = parse(reconcile_interval="monthly").replaced
    assert problem.fault == 'reconcile_interval must be hourly, daily, weekly, or empty for never, but is "monthly"'


@pytest.mark.parametrize(
    ("typed", "fit"), [("", ""), ("Crop", "crop"), (" blur ", "blur"), ("letterbox", "letterbox"), ("None", "")]
)
def test_how_posters_are_made(typed: str, fit: str) -> None:
    assert parse(poster_fit=typed).poster_fit == fit


@pytest.mark.parametrize("wrong", ["stretch", "smaller", 2])
def test_an_unknown_fit(wrong: object) -> None:
    (problem,) = problems(poster_fit=wrong)
    assert problem.fault.startswith(
        "poster_fit must be letterbox, blur, crop, or empty for the cover as it is, but is "
    )


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("", ""),
        ("http://192.168.1.10:9999", "http://192.168.1.10:9999"),
        (" https://photos.example.com/stash/ ", "https://photos.example.com/stash"),
        ("http://[fd00::1]:9999", "http://[fd00::1]:9999"),
    ],
)
def test_where_plex_finds_photos(typed: str, address: str) -> None:
    assert parse(performer_photos_url=typed).performer_photos_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://stash:9999?apikey=s3cret",
        "http://stash:9999/?ApiKey=s3cret",
        "http://stash:9999/#s3cret",
        "http://me:s3cret@stash:9999",
        "http://s3cret@stash:9999",
        "http://stash:9999/apikey/s3cret",
        "http://stash:9999/eyJhbGciOi.eyJ1aWQiOiJ.s3cret-x_",
        "http://stash:9999/pictures/eyJhbGciOi%2eeyJ1aWQiOiJ%2Es3cret/x",
    ],
)
def test_no_secret_goes_to_plex_with_a_photo(address: str) -> None:
    (problem,) = problems(performer_photos_url=address)
    assert problem.setting == "performer_photos_url"
    assert problem.reason == "an address with a password or an API key could be read by every user of Plex"
    assert "s3cret" not in str(problem)


@pytest.mark.parametrize(
    "address", ["stash:9999", "ftp://stash", "http://stash:70000", "http://http://stash", "/stash"]
)
def test_what_is_no_address_for_photos(address: str) -> None:
    (problem,) = problems(performer_photos_url=address)
    assert problem.fault.startswith("performer_photos_url must be an address such as http://192.168.1.10:9999")


@pytest.mark.parametrize(("typed", "scope"), [("", "all"), ("ALL", "all"), (" Week ", "week"), ("day", "day")])
def test_what_is_reconciled_automatically(typed: str, scope: str) -> None:
    assert parse(reconcile_scope=typed).reconcile_scope == scope


@pytest.mark.parametrize("wrong", ["month", "none", "outage", 7])
def test_an_unknown_scope(wrong: object) -> None:
    (problem,) = parse(reconcile_scope=wrong).replaced
    assert problem.fault.startswith("reconcile_scope must be all, week or day, but is ")


def test_a_setting_that_does_not_exist_is_ignored() -> None:
    assert parse(retired_setting="x") == parse()


@pytest.mark.parametrize("pasted", ["X-Plex-Token=abc-1", '"abc-1"', "'abc-1'"])
def test_what_is_pasted_along_with_the_token_is_left_off(pasted: str) -> None:
    assert parse(plex_token=pasted).plex_token.get_secret_value() == "abc-1"


@pytest.mark.parametrize("pasted", ["X-Plex-Token=abc-1", '"abc-1"'])
def test_nor_is_it_shown_where_it_was_pasted_elsewhere(pasted: str) -> None:
    (problem,) = parse(plex_token=pasted, connect_timeout="abc-1").replaced
    assert problem.value_shown == '"…"'


@pytest.mark.parametrize("token", ["two words", "línea", "new\nline"])
def test_a_token_that_cannot_be_sent_is_a_problem_and_not_shown(token: str) -> None:
    (problem,) = problems(plex_token=token)
    assert (problem.value_shown, problem.reason) == ("not shown here", "no Plex token has such a character")
    assert token not in repr(problem)


def test_a_long_or_broken_value_stays_on_one_short_line() -> None:
    (problem,) = problems(max_tags="9\n" * 5_000)
    assert "\n" not in str(problem)
    assert len(str(problem)) < 300


@given(settings=st.dictionaries(st.sampled_from(OPTIONAL), st.one_of(JSON, st.just(TOKEN))), url=st.text())
def test_all_problems_are_gathered_and_none_shows_the_token(settings: dict[str, Any], url: str) -> None:
    assume(not url.strip().startswith("http"))
    wrong = {"plex_url": f"{TOKEN}{url}", "plex_token": f" {TOKEN} ", "poll_interval": "often", "paused": TOKEN}
    with pytest.raises(ConfigError) as caught:
        parse_settings({**settings, **wrong}, {})
    named = [problem.setting for problem in caught.value.problems]
    assert {"plex_url", "poll_interval", "paused"} <= set(named)
    assert len(named) == len(set(named))
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert TOKEN not in repr(caught.value)
    assert caught.value.__context__ is None


@given(settings=st.dictionaries(st.sampled_from([*OPTIONAL, *REQUIRED]), JSON))
def test_whatever_stash_holds_gives_settings_or_problems(settings: dict[str, Any]) -> None:
    try:
        config = parse_settings({**REQUIRED, **settings}, {})
    except ConfigError as error:
        assert error.problems
    else:
        assert config.skip_fields.issubset(FIELDS)


def test_the_settings_are_frozen_strict_and_silent_about_the_token() -> None:
    config = parse()
    assert TOKEN not in repr(config)
    with pytest.raises(ValidationError):
        config.paused = True
    with pytest.raises(ValidationError) as caught:
        PlexSyncConfig.model_validate({**REQUIRED, "poll_intervall": 2, "plex_token": f"{TOKEN} {TOKEN}"})
    assert TOKEN not in str(caught.value)
    assert PlexSyncConfig(plex_url="http://plex", plex_token=SecretStr(TOKEN)).max_tags == 100
