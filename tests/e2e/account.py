"""The door and the account, as a person uses them."""

from __future__ import annotations

from typing import NamedTuple, cast
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect


class Person(NamedTuple):
    """Who signs in."""

    email: str
    password: str


def new_person() -> Person:
    """Somebody nobody knows yet."""
    return Person(f"iracema-{uuid4().hex}@example.com", "a long secret")


def register(page: Page) -> Person:
    """Make an account of the guest on `page`."""
    person = new_person()
    page.get_by_role("button", name="Create an account").click()
    dialog = page.get_by_role("dialog")
    _fill(dialog, person)
    dialog.get_by_role("button", name="Create account", exact=True).click()
    expect(dialog).to_have_count(0)
    return person


def sign_in(page: Page, person: Person) -> None:
    """Try it at the door; what comes of it is the test's to see."""
    _fill(door(page), person)
    door(page).get_by_role("button", name="Sign in", exact=True).click()


def door(page: Page) -> Locator:
    """Where who is not signed in stands."""
    return page.locator("form[aria-label='Sign in']")


def open_settings(page: Page) -> Locator:
    """Open the account's menu."""
    menu = page.locator("details.account__menu")
    menu.locator("summary").click()
    return menu


def change_password(page: Page, person: Person, password: str) -> Person:
    """Change it in the settings; gives the person with the new one."""
    open_settings(page)
    page.get_by_role("button", name="Change password").click()
    dialog = page.get_by_role("dialog")
    fill_passwords(dialog, person.password, password)
    expect(dialog).to_have_count(0)
    return Person(person.email, password)


def fill_passwords(dialog: Locator, current: str, new: str) -> None:
    """Fill the form that changes the password, and send it."""
    dialog.get_by_label("Current password", exact=True).fill(current)
    dialog.get_by_label("New password", exact=True).fill(new)
    dialog.get_by_role("button", name="Change password").click()


def revoke(page: Page, url: str) -> None:
    """End the session as another device does."""
    token = cast(str, page.evaluate("JSON.parse(localStorage['prosa.session']).refresh_token"))
    answer = page.request.post(f"{url}/api/auth/logout", data={"refresh_token": token})
    assert answer.ok, answer.text()


def spoil_token(page: Page, path: str) -> list[int]:
    """Let the server refuse the access token of the next call to `path`; gives all its statuses."""
    statuses: list[int] = []
    page.on("response", lambda r: statuses.append(r.status) if r.url.endswith(path) else None)
    page.route(
        f"**{path}",
        lambda route: route.continue_(
            headers={**route.request.headers, "authorization": "Bearer not.a.token"}
        ),
        times=1,
    )
    return statuses


def _fill(form: Locator, person: Person) -> None:
    form.get_by_label("E-mail", exact=True).fill(person.email)
    form.get_by_label("Password", exact=True).fill(person.password)
