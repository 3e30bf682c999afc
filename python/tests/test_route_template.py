from __future__ import annotations

import pytest

from sluicegate.route_template import path_matches, same_path


@pytest.mark.parametrize(
    ("template", "raw_path"),
    [
        ("/api/avatars", "/api/avatars"),
        ("/api/users/{user}/avatar", "/api/users/7/avatar"),
        ("/api/users/{user}/avatar", "/api/users/a%2Fb/avatar"),
        ("/api/caf%C3%A9", "/api/caf%c3%a9"),
        ("/api/avatars", "/api/%61vatars"),
    ],
)
def test_a_path_of_the_route_matches(template: str, raw_path: str) -> None:
    assert path_matches(template, raw_path)


@pytest.mark.parametrize(
    ("template", "raw_path"),
    [
        ("/api/avatars", "/api/avatars/"),
        ("/api/avatars", "/api//avatars"),
        ("/api/avatars", "/API/avatars"),
        ("/api/avatars", "/api%2Favatars"),
        ("/api/users/{user}/avatar", "/api/users//avatar"),
        ("/api/users/{user}/avatar", "/api/users/7/8/avatar"),
        ("/api/users/{user}/avatar", "/api/users/7"),
        ("/api/users/{user}", "/api/avatars/{user}"),
    ],
)
def test_any_other_path_does_not(template: str, raw_path: str) -> None:
    assert not path_matches(template, raw_path)


def test_one_path_may_be_encoded_in_two_ways_but_a_slash_stays_a_slash() -> None:
    assert same_path("/api/imports/a%20b.csv", "/api/imports/%61%20b.csv")
    assert not same_path("/api/imports/a/b.csv", "/api/imports/a%2Fb.csv")
    assert not same_path("/api/imports/a.csv", "/api/imports/b.csv")
