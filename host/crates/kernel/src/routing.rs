//! The route table: which entry of a manifest a method and a path lead to, and who serves it.

use std::collections::HashMap;
use std::sync::Arc;

use stoa_wit::{Method, Route};

use crate::plugins::Matched;

/// A route and who serves it.
pub struct Entry<T> {
    /// The manifest's entry.
    pub route: Arc<Route>,
    /// Who serves it.
    pub owner: T,
}

/// What a path leads to.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// A route.
    Found(Matched),
    /// The path exists with other methods, listed here.
    OtherMethods(Vec<&'static str>),
    /// Nobody has this path.
    Missing,
}

/// One path: its entry under every method.
type ByMethod = HashMap<Method, usize>;

/// All routes of a set of owners.
pub struct Routes<T> {
    entries: Vec<Entry<T>>,
    paths: Vec<ByMethod>,
    by_shape: HashMap<String, usize>,
    router: matchit::Router<usize>,
}

/// Two owners want the same path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} clashes with another route: {reason}")]
pub struct Clash {
    method: Method,
    path: String,
    reason: String,
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            paths: Vec::new(),
            by_shape: HashMap::new(),
            router: matchit::Router::new(),
        }
    }
}

impl<T> Routes<T> {
    /// Adds a route. Parameters are renamed by position in the router, so that two methods of one path may
    /// call the same segment by different names.
    ///
    /// # Errors
    /// [`Clash`] when the path can't be told from another one.
    pub fn add(&mut self, owner: T, route: &Arc<Route>) -> Result<(), Clash> {
        let clash = |reason: String| Clash {
            method: route.method,
            path: route.path.clone(),
            reason,
        };
        let shape = shape(&route.path);
        let path = match self.by_shape.get(&shape) {
            Some(path) => *path,
            None => {
                let path = self.paths.len();
                self.router
                    .insert(shape.clone(), path)
                    .map_err(|error| clash(error.to_string()))?;
                self.paths.push(ByMethod::new());
                self.by_shape.insert(shape, path);
                path
            }
        };
        let key = self.entries.len();
        self.entries.push(Entry {
            route: Arc::clone(route),
            owner,
        });
        match self
            .paths
            .get_mut(path)
            .and_then(|methods| methods.insert(route.method, key))
        {
            None => Ok(()),
            Some(_) => Err(clash("the same method and path".into())),
        }
    }

    /// The entry behind a key of [`Routes::find`].
    #[must_use]
    pub fn get(&self, key: usize) -> Option<&Entry<T>> {
        self.entries.get(key)
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter()
    }

    /// What a method and a raw path lead to; `name` tells an owner's name. A slash at the end of a path that nobody has does
    /// not matter: clients of the frameworks that ignore it send both.
    pub fn find(&self, method: &str, path: &str, name: impl Fn(&T) -> Arc<str>) -> Lookup {
        let without_slash = || self.router.at(path.strip_suffix('/')?).ok();
        let Some(matched) = self.router.at(path).ok().or_else(without_slash) else {
            return Lookup::Missing;
        };
        let Some(methods) = self.paths.get(*matched.value) else {
            return Lookup::Missing;
        };
        let found = methods.iter().find(|(known, _)| known.as_str() == method);
        let Some((key, entry)) = found.and_then(|(_, key)| Some((*key, self.entries.get(*key)?)))
        else {
            let mut others: Vec<&'static str> =
                methods.keys().map(|method| method.as_str()).collect();
            others.sort_unstable();
            return Lookup::OtherMethods(others);
        };
        let names = entry.route.path.split('/').filter_map(parameter);
        let mut params = Vec::new();
        for (name, (_, raw)) in names.zip(matched.params.iter()) {
            let Some(value) = percent_decode(raw) else {
                return Lookup::Missing;
            };
            params.push((name.to_string(), value));
        }
        Lookup::Found(Matched {
            key,
            route: Arc::clone(&entry.route),
            plugin: name(&entry.owner),
            params,
        })
    }
}

/// The path with its parameters named by position.
fn shape(path: &str) -> String {
    let mut position = 0;
    let segments = path.split('/').map(|segment| {
        if parameter(segment).is_none() {
            return segment.to_string();
        }
        position += 1;
        format!("{{p{position}}}")
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The name between the braces of `{name}`.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Decodes `%41`; none if that yields no UTF-8 or a control character: such a path names nothing here.
fn percent_decode(raw: &str) -> Option<String> {
    if !raw.contains('%') {
        return Some(raw.to_string());
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let value = digit(rest.next())? * 16 + digit(rest.next())?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains(char::is_control))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn routes(paths: &[&str]) -> Routes<()> {
        let mut routes = Routes::default();
        for path in paths {
            let route = serde_json::json!({"method": "GET", "path": path, "handler": "h", "callers": ["public"], "summary": "s"});
            let route = Arc::new(serde_json::from_value(route).unwrap());
            routes.add((), &route).unwrap();
        }
        routes
    }

    /// The route that a path leads to.
    fn found(routes: &Routes<()>, path: &str) -> Option<String> {
        match routes.find("GET", path, |()| "p".into()) {
            Lookup::Found(matched) => Some(matched.route.path.clone()),
            _ => None,
        }
    }

    #[test]
    fn one_slash_at_the_end_does_not_matter_unless_somebody_has_it() {
        let known = routes(&["/things", "/things/{id}", "/own/", "/own"]);
        assert_eq!(found(&known, "/things/").as_deref(), Some("/things"));
        assert_eq!(found(&known, "/things/a/").as_deref(), Some("/things/{id}"));
        assert_eq!(found(&known, "/own/").as_deref(), Some("/own/"));
        for nothing in ["/", "/things//", "//things", "/things/a//", "things"] {
            assert_eq!(found(&known, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn percent_signs_decode_or_lead_nowhere() {
        assert_eq!(percent_decode("a%20b%C3%A4").as_deref(), Some("a bä"));
        for bad in ["%", "%4", "%zz", "%ff", "a%00b", "%0a"] {
            assert_eq!(percent_decode(bad), None, "{bad}");
        }
    }
}
