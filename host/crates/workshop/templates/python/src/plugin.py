"""Short notes that people keep for themselves."""

from dataclasses import dataclass
from typing import Annotated

from stoa_guest import Caller, Created, Limits, Problem, clock, handler, random
from stoa_guest.events import tell
from stoa_guest.storage import Collection


@dataclass
class NewNote:
    """What people send."""

    text: Annotated[str, Limits(min_length=1, max_length=500)]


@dataclass
class Note:
    """A note as it is kept and shown."""

    id: str
    owner: str
    text: str
    at: str


notes = Collection("notes", of=Note)


@handler
def add_note(new: NewNote, caller: Caller) -> Created[Note]:
    at = clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    note = Note(random.ulid(), caller.user(), new.text, at)
    notes.create(note.id, note)
    tell("{{name}}.note-added", note.id, note)
    return Created(note)


@handler
def show_note(id: str, caller: Caller) -> Note:
    """Others' notes and missing ones look alike."""
    note = notes.get(id)
    if note is None or note.owner != caller.user():
        raise Problem.not_found("note")
    return note
