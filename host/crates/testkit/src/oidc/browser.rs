//! A browser, as far as signing in takes one: cookies, redirects and forms.

use std::collections::HashMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Response, Url};

use super::REDIRECT_URI;

/// Pages between the first address and the way back.
const PAGES_MAX: usize = 20;

/// A browser with its cookies, by name and path.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: HashMap<(String, String), String>,
}

/// What somebody does at the provider.
#[derive(Clone, Copy)]
pub enum Wish<'a> {
    /// Signs in under this name and consents.
    SignIn(&'a str),
    /// Says no.
    Refuse,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// One without cookies.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn new() -> Self {
        let builder = Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            client: builder.no_proxy().build().expect("a provider's page"),
            cookies: HashMap::new(),
        }
    }

    /// Goes where the host sent it and does what the provider asks; answers the callback's query.
    ///
    /// # Panics
    /// When the provider does anything else than a provider does.
    pub async fn walk(&mut self, url: &str, wish: Wish<'_>) -> String {
        let mut request = (
            Method::GET,
            Url::parse(url).expect("a provider's page"),
            String::new(),
        );
        for _ in 0..PAGES_MAX {
            let (method, url, form) = request;
            let answer = self.send(method, url.clone(), form).await;
            if let Some(location) = answer.headers().get(LOCATION) {
                let next = url
                    .join(location.to_str().expect("a provider's page"))
                    .expect("a provider's page");
                if next.as_str().starts_with(REDIRECT_URI) {
                    return next.query().expect("a provider's page").to_owned();
                }
                request = (Method::GET, next, String::new());
                continue;
            }
            let (status, page) = (
                answer.status(),
                answer.text().await.expect("a provider's page"),
            );
            assert!(status.is_success(), "{url}: {status} {page}");
            let action = url.join(action(&page)).expect("a provider's page");
            request = match wish {
                Wish::Refuse => {
                    let abort = format!("{}/abort", action.path());
                    (
                        Method::GET,
                        url.join(&abort).expect("a provider's page"),
                        String::new(),
                    )
                }
                Wish::SignIn(login) if page.contains("name=\"login\"") => {
                    let form = format!("prompt=login&login={login}&password=any");
                    (Method::POST, action, form)
                }
                Wish::SignIn(_) => (Method::POST, action, "prompt=consent".to_owned()),
            };
        }
        panic!("{PAGES_MAX} pages and no way back");
    }

    /// Opens an address; where that leads on to is the caller's to follow.
    pub async fn visit(&mut self, url: &str) -> Response {
        let url = Url::parse(url).expect("a URL");
        self.send(Method::GET, url, String::new()).await
    }

    /// Posts nothing but its cookies.
    pub async fn submit(&mut self, url: &str) -> Response {
        let url = Url::parse(url).expect("a URL");
        self.send(Method::POST, url, String::new()).await
    }

    async fn send(&mut self, method: Method, url: Url, form: String) -> Response {
        let fitting = self.cookies.iter();
        let fitting = fitting.filter(|((_, path), _)| url.path().starts_with(path.as_str()));
        let pairs: Vec<String> = fitting
            .map(|((name, _), value)| format!("{name}={value}"))
            .collect();
        let mut request = self.client.request(method.clone(), url);
        request = request.header(COOKIE, pairs.join("; "));
        if method == Method::POST && !form.is_empty() {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form);
        }
        let answer = request.send().await.expect("a provider's page");
        for line in answer.headers().get_all(SET_COOKIE) {
            self.keep(line.to_str().expect("a provider's page"));
        }
        answer
    }

    /// Keeps a cookie; an empty one is taken away.
    fn keep(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts
            .next()
            .expect("a provider's page")
            .split_once('=')
            .expect("a provider's page");
        let path = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("path"))
            .map_or("/", |(_, path)| path);
        let key = (name.to_owned(), path.to_owned());
        if value.is_empty() {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }
}

/// Where the page's form leads.
fn action(page: &str) -> &str {
    let (_, rest) = page.split_once("action=\"").expect("a provider's page");
    rest.split_once('"').expect("a provider's page").0
}
