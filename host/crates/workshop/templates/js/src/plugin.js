// Short notes that people keep for themselves.
import { Problem, clock, created, plugin, random } from 'stoa-guest';
import { collection } from 'stoa-guest/storage';
import { raise } from 'stoa-guest/events';

const notes = collection('notes');

/** @param {import('stoa-guest').Request<{ text: string }>} request its body is a NewNote: schemas/NewNote.json */
function addNote({ body, caller }) {
  const note = { id: random.ulid(), owner: caller.user(), text: body.text, at: clock.now() };
  notes.create(note.id, note);
  raise('{{name}}.note-added', note.id, note);
  return created(note);
}

/** Others' notes and missing ones look alike. */
function showNote({ params, caller }) {
  const note = notes.get(params.id);
  if (note?.owner !== caller.user()) throw Problem.notFound('note');
  return note;
}

export default plugin({ handlers: { addNote, showNote } });
