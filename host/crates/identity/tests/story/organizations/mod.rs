//! Organisations, called as the edge calls them: with principals that it has admitted.

mod accepting;
mod answers;
mod caller;
mod details;
mod founding;
mod inviting;
mod keys;
mod leaving;
mod limits;
mod members;
mod own;
mod roles;
mod routes;
mod seats;
mod standins;
mod switching;
mod world;
