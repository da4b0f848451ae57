//! Organisations, called as the edge calls them: with principals that it has admitted.

mod accepting;
mod answers;
mod caller;
mod changing_plans;
mod details;
mod directory;
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
mod users;
mod world;
