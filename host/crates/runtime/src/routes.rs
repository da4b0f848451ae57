//! The route table of one snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use stoa_kernel::plugins::{Lookup, Matched};
use stoa_wit::{Method, Route};

use crate::revision::Revision;

/// A route and who serves it.
pub struct LiveRoute {
    /// The manifest's entry.
    pub route: Arc<Route>,
    /// The version that serves it.
    pub revision: Arc<Revision>,
}

/// One path: its router entry under every method.
type ByMethod = HashMap<Method, usize>;

/// All routes of a set of plugins.
#[derive(Default)]
pub struct Routes {
    routes: Vec<LiveRoute>,
    paths: Vec<ByMethod>,
    router: matchit::Router<usize>,
}

/// Two plugins want the same path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} clashes with a route of another plugin: {reason}")]
pub struct Clash {
    method: Method,
    path: String,
    reason: String,
}

impl Routes {
    /// The table of these plugins.
    ///
    /// # Errors
    /// [`Clash`] when a path can't be told from another one.
    pub fn build<'a>(
        revisions: impl IntoIterator<Item = &'a Arc<Revision>>,
    ) -> Result<Self, Clash> {
        let mut table = Self::default();
        let mut by_shape: HashMap<String, usize> = HashMap::new();
        for revision in revisions {
            for route in &revision.package.manifest.routes {
                table.add(revision, route, &mut by_shape)?;
            }
        }
        Ok(table)
    }

    /// Parameters are renamed by position in the router, so that two methods of one path may call the
    /// same segment by different names.
    fn add(
        &mut self,
        revision: &Arc<Revision>,
        route: &Route,
        by_shape: &mut HashMap<String, usize>,
    ) -> Result<(), Clash> {
        let clash = |reason: String| Clash {
            method: route.method,
            path: route.path.clone(),
            reason,
        };
        let mut position = 0;
        let shape: Vec<String> = route
            .path
            .split('/')
            .map(|segment| {
                if !segment.starts_with('{') {
                    return segment.to_string();
                }
                position += 1;
                format!("{{p{position}}}")
            })
            .collect();
        let shape = shape.join("/");
        let path = match by_shape.get(&shape) {
            Some(path) => *path,
            None => {
                let path = self.paths.len();
                self.router
                    .insert(shape.clone(), path)
                    .map_err(|error| clash(error.to_string()))?;
                self.paths.push(ByMethod::new());
                by_shape.insert(shape, path);
                path
            }
        };
        let key = self.routes.len();
        self.routes.push(LiveRoute {
            route: Arc::new(route.clone()),
            revision: Arc::clone(revision),
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

    /// The route behind a key of [`Routes::find`].
    pub fn get(&self, key: usize) -> Option<&LiveRoute> {
        self.routes.get(key)
    }

    /// What a method and a raw path lead to.
    pub fn find(&self, method: &str, path: &str) -> Lookup {
        let Ok(matched) = self.router.at(path) else {
            return Lookup::Missing;
        };
        let Some(methods) = self.paths.get(*matched.value) else {
            return Lookup::Missing;
        };
        let found = methods.iter().find(|(known, _)| known.as_str() == method);
        let Some((key, live)) = found.and_then(|(_, key)| Some((*key, self.routes.get(*key)?)))
        else {
            let mut others: Vec<&'static str> =
                methods.keys().map(|method| method.as_str()).collect();
            others.sort_unstable();
            return Lookup::OtherMethods(others);
        };
        let names = live
            .route
            .path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        let mut params = Vec::new();
        for (name, (_, raw)) in names.zip(matched.params.iter()) {
            let Some(value) = percent_decode(raw) else {
                return Lookup::Missing;
            };
            params.push((name.to_string(), value));
        }
        Lookup::Found(Matched {
            key,
            route: Arc::clone(&live.route),
            plugin: Arc::clone(&live.revision.name),
            params,
        })
    }
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
mod tests {
    use super::*;

    #[test]
    fn percent_signs_decode_or_lead_nowhere() {
        assert_eq!(percent_decode("a%20b%C3%A4").as_deref(), Some("a bä"));
        for bad in ["%", "%4", "%zz", "%ff", "a%00b", "%0a"] {
            assert_eq!(percent_decode(bad), None, "{bad}");
        }
    }
}
