//! `Path<T>`: the route's parameters.

use std::str::FromStr;

use super::FromRequest;
use crate::{Problem, Request, Result};

/// The path's parameters in path order: one value, or a tuple of up to three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<T>(pub T);

fn nth<T: FromStr>(request: &Request, position: usize) -> Result<T> {
    let Some((name, value)) = request.params.get(position) else {
        return Err(Problem::internal(format!("the route has no parameter {position}")));
    };
    value.parse().map_err(|_| Problem::invalid(name.clone(), format!("{name} is malformed.")))
}

impl FromRequest for Path<String> {
    fn from_request(request: &Request) -> Result<Self> {
        nth(request, 0).map(Self)
    }
}

macro_rules! tuples {
    ($(($($name:ident $position:literal),*))*) => {$(
        impl<$($name: FromStr),*> FromRequest for Path<($($name,)*)> {
            fn from_request(request: &Request) -> Result<Self> {
                Ok(Self(($(nth::<$name>(request, $position)?,)*)))
            }
        }
    )*};
}

tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) }
