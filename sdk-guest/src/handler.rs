//! From the host's call to the author's function and back.

use crate::bindings::handler::exports::stoa::http::handler as wire;
use crate::bindings::stoa::types::types as wire_types;
use crate::extract::FromRequest;
use crate::respond::{IntoResponse, Response};
use crate::{Problem, Result};

/// A request that the host has matched, authenticated and admitted.
#[derive(Debug, Clone)]
pub struct Request {
    /// The route's `handler`.
    pub handler: String,
    /// Path parameters by name, percent-decoded, in path order.
    pub params: Vec<(String, String)>,
    /// The raw query string.
    pub query: String,
    /// The body; empty if none.
    pub body: Vec<u8>,
    /// Who calls.
    pub caller: wire_types::Caller,
}

impl Request {
    /// A path parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl From<wire::Request> for Request {
    fn from(request: wire::Request) -> Self {
        let wire::Request {
            handler,
            params,
            query,
            body,
            caller,
        } = request;
        Self {
            handler,
            params,
            query,
            body,
            caller,
        }
    }
}

/// A function that can answer requests: up to six extractors in, or one `&Request`; something to answer with out.
pub trait Handler<Args> {
    /// Takes the arguments from the request, calls the function and makes its result an answer.
    ///
    /// # Errors
    /// The first extractor's problem, or the function's own.
    fn handle(&self, request: &Request) -> Result<Response>;
}

macro_rules! handlers {
    ($(($($arg:ident),*))*) => {$(
        impl<F, O, $($arg),*> Handler<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> O,
            O: IntoResponse,
            $($arg: FromRequest,)*
        {
            fn handle(&self, request: &Request) -> Result<Response> {
                let _ = request;
                self($($arg::from_request(request)?),*).into_response()
            }
        }
    )*};
}

handlers! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) }

/// The arguments of a function that takes the request as it is, by reference.
#[derive(Debug)]
pub struct Whole;

impl<F, O> Handler<Whole> for F
where
    F: Fn(&Request) -> O,
    O: IntoResponse,
{
    fn handle(&self, request: &Request) -> Result<Response> {
        self(request).into_response()
    }
}

/// Calls a handler.
///
/// # Errors
/// Its own problem, or an extractor's.
pub fn call<Args>(handler: impl Handler<Args>, request: &Request) -> Result<Response> {
    handler.handle(request)
}

/// What a component answers whose manifest names a handler that it was not built with.
#[must_use]
pub fn unknown_handler(name: &str) -> Problem {
    Problem::new(
        500,
        "unknown-handler",
        format!("This component has no handler {name}."),
    )
}

/// Runs a request in a component.
///
/// # Errors
/// The handler's problem, on its way to the host.
pub fn begin(
    request: wire::Request,
    dispatch: fn(&Request) -> Result<Response>,
) -> Result<wire::Response, wire_types::Problem> {
    match dispatch(&request.into()) {
        Ok(Response {
            status,
            headers,
            body,
        }) => Ok(wire::Response {
            status,
            headers,
            body,
        }),
        Err(problem) => Err(problem.into()),
    }
}
