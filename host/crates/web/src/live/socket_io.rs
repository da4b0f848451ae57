//! Socket.IO: the same conversation for clients of that protocol, by WebSocket or long polling.
//!
//! `connect` shows `auth: {token}` or `auth: {ticket}`, and may say by `auth.after` which messages of which channel it
//! has. Messages come as `emit(event, data, {channel, number})`; `joined`, `left` and `end` are the host's words. A
//! client emits `join`, `leave` and `say`, and learns by the acknowledgement what came of it.

mod door;
mod talk;
mod words;

pub(crate) use door::SocketIoDoor;
