"""Conversations on a real table: listed, paged, owned, deleted."""

from __future__ import annotations

import pytest

from prosa.conversation import Message
from prosa.errors import NotFound
from prosa.ids import ConversationId, MessageId, UserId, new_user_id
from prosa.store.jobs import Claimed
from prosa.store.pages import InvalidCursor
from tests.builders import a_reply, an_acceptance
from tests.integration.prosa.conftest import Stores


def _talk(
    stores: Stores,
    user: UserId,
    turns: int,
    conversation_id: ConversationId | None = None,
) -> list[Message]:
    """Say `turns` things, each answered; gives the messages in order."""
    said: list[Message] = []
    head: MessageId | None = None
    for turn in range(turns):
        acceptance = an_acceptance(
            user_id=user,
            conversation_id=conversation_id,
            key=f"turn-{turn}-{conversation_id}",
            content=f"question {turn}",
            parent_id=head,
        )
        job = stores.jobs.accept(acceptance)
        claim = stores.jobs.claim(job.job_id, "worker-1")
        assert isinstance(claim, Claimed)
        reply = a_reply(claim.job, content=f"answer {turn}")
        stores.jobs.finish(claim.job, reply)
        assert acceptance.question is not None
        said += [acceptance.question, reply]
        conversation_id, head = job.conversation_id, job.reply_id
    return said


def test_the_conversation_last_written_to_comes_first(stores: Stores) -> None:
    user = new_user_id()
    made = [stores.jobs.accept(an_acceptance(user_id=user, key=f"key-{n}")) for n in range(3)]
    stores.jobs.accept(
        an_acceptance(user_id=user, conversation_id=made[0].conversation_id, key="again")
    )
    listed = stores.conversations.list_of(user, limit=10, cursor=None).items
    order = [c.conversation_id for c in listed]
    assert order == [made[n].conversation_id for n in (0, 2, 1)]


def test_pages_of_the_list_join_to_the_whole(stores: Stores) -> None:
    user = new_user_id()
    made = [
        stores.jobs.accept(an_acceptance(user_id=user, key=f"key-{n}")).conversation_id
        for n in range(7)
    ]
    seen: list[ConversationId] = []
    cursor: str | None = None
    while True:
        page = stores.conversations.list_of(user, limit=3, cursor=cursor)
        seen += [c.conversation_id for c in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == made[::-1]


def test_the_first_page_is_the_newest_and_pages_go_back(stores: Stores) -> None:
    said = _talk(stores, new_user_id(), 4)
    conversation = said[0].conversation_id
    first = stores.conversations.messages(conversation, limit=3, cursor=None)
    second = stores.conversations.messages(conversation, limit=9, cursor=first.next_cursor)
    assert list(second.items + first.items) == said
    assert second.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "e30=", "bnVsbA==", "W10="])
def test_a_cursor_that_is_none_is_refused(stores: Stores, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        stores.conversations.list_of(new_user_id(), limit=3, cursor=cursor)


def test_a_cursor_does_not_lead_into_anothers_list(stores: Stores) -> None:
    user, stranger = new_user_id(), new_user_id()
    for n in range(3):
        stores.jobs.accept(an_acceptance(user_id=user, key=f"key-{n}"))
    page = stores.conversations.list_of(user, limit=1, cursor=None)
    with pytest.raises(InvalidCursor):
        stores.conversations.list_of(stranger, limit=1, cursor=page.next_cursor)


def test_what_is_anothers_is_not_there(stores: Stores) -> None:
    said = _talk(stores, new_user_id(), 1)
    stranger, conversation = new_user_id(), said[0].conversation_id
    with pytest.raises(NotFound):
        stores.conversations.require(stranger, conversation)
    with pytest.raises(NotFound):
        stores.conversations.rename(stranger, conversation, "mine now")
    with pytest.raises(NotFound):
        stores.conversations.delete(stranger, conversation)
    with pytest.raises(NotFound):
        stores.conversations.find_question(stranger, said[0].message_id)


def test_a_question_is_found_by_its_id(stores: Stores) -> None:
    user = new_user_id()
    question, reply = _talk(stores, user, 1)
    assert stores.conversations.find_question(user, question.message_id) == question
    with pytest.raises(NotFound):
        stores.conversations.find_question(user, reply.message_id)


def test_a_new_title_leaves_the_place_in_the_list(stores: Stores) -> None:
    user = new_user_id()
    first = stores.jobs.accept(an_acceptance(user_id=user, key="key-1"))
    stores.jobs.accept(an_acceptance(user_id=user, key="key-2"))
    stores.conversations.rename(user, first.conversation_id, "New title")
    listed = stores.conversations.list_of(user, limit=10, cursor=None).items
    assert [c.title for c in listed] == ["A title", "New title"]


def test_deleting_leaves_nothing(stores: Stores) -> None:
    user = new_user_id()
    said = _talk(stores, user, 20)
    conversation = said[0].conversation_id
    stores.conversations.delete(user, conversation)
    assert stores.conversations.messages(conversation, limit=9, cursor=None).items == ()
    assert stores.conversations.list_of(user, limit=9, cursor=None).items == ()


@pytest.mark.parametrize("page", [1, 3, 50])
def test_a_branch_is_read_from_its_leaf_back(stores: Stores, page: int) -> None:
    said = _talk(stores, new_user_id(), 4)
    branch = stores.conversations.branch(said[0].conversation_id, said[5].message_id, page=page)
    assert list(branch) == said[5::-1]


def test_a_branch_leaves_its_siblings_out(stores: Stores) -> None:
    user = new_user_id()
    said = _talk(stores, user, 2)
    edited = an_acceptance(
        user_id=user,
        conversation_id=said[0].conversation_id,
        key="edited",
        content="edited",
        parent_id=said[1].message_id,
    )
    stores.jobs.accept(edited)
    assert edited.question is not None
    branch = stores.conversations.branch(said[0].conversation_id, edited.question.message_id)
    assert [m.content for m in branch] == ["edited", "answer 0", "question 0"]
