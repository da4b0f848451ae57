//! `Path<T>`: the route's parameters.

use std::str::FromStr;

use super::FromRequest;
use crate::{Problem, Request, Result};

/// The path's parameters in path order: one value, or a tuple of up to three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<T>(pub T);

fn nth<T: FromStr>(request: &Request, position: usize) -> Result<T> {
    let Some((name, value)) = request.params.get(position) else {
        return Err(Problem::internal(format!(
            "the route has no parameter {position}"
        )));
    };
    value
        .parse()
        .map_err(|_| Problem::invalid(name.clone(), format!("{name} is malformed.")))
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::testing::{Host, RequestBuilder};

    fn request(params: &[(&str, &str)]) -> Request {
        let plain = Host::new().request("any");
        params
            .iter()
            .fold(plain, |request: RequestBuilder, (name, value)| {
                request.param(name, value)
            })
            .build()
    }

    #[test]
    fn parameters_come_in_path_order() {
        let request = request(&[("shop", "s 1"), ("count", "7"), ("flag", "true")]);
        assert_eq!(Path::<String>::from_request(&request).unwrap().0, "s 1");
        let all = Path::<(String, u32, bool)>::from_request(&request)
            .unwrap()
            .0;
        assert_eq!(all, ("s 1".to_string(), 7, true));
    }

    #[test]
    fn a_malformed_parameter_is_named_and_an_absent_one_is_the_plugins_fault() {
        let request = request(&[("count", "many")]);
        let problem = Path::<(u32,)>::from_request(&request).unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some("count"))
        );
        assert_eq!(
            Path::<(String, String)>::from_request(&request)
                .unwrap_err()
                .status,
            500
        );
    }
}
