//! The host's own routes: one flat table.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::{MethodRouter, get, post};
use http::request::Parts;
use http::{Method, Request, Response};
use serde_json::Value;
use stoa_kernel::error::Problem;
use stoa_kernel::wit::RouteClass;
use tower::ServiceExt;

use crate::body::Body;
use crate::config::EdgeConfig;
use crate::edge::{Answer, Shared};
use crate::method;
use crate::routes::{docs, health, metrics, native, openapi, token};
use crate::trail::Trail;

/// One route of the host.
pub(crate) struct HostRoute {
    pub method: Method,
    pub path: &'static str,
    /// One sentence for the API document; none keeps the route out of it.
    pub summary: Option<&'static str>,
    /// Media type of a good answer.
    pub answers: &'static str,
    /// JSON Schema of the request's body.
    pub request: Option<fn() -> Value>,
    /// Which quota its requests count against; none for what operators and machines look at all the time.
    class: Option<RouteClass>,
    handler: MethodRouter<Arc<Shared>>,
}

/// Every route that the host has under this configuration.
pub(crate) fn table(config: &EdgeConfig) -> Vec<HostRoute> {
    let mut table = vec![
        page("/health", "application/json", get(health::show))
            .listed("Tells how the host's parts are."),
        page("/metrics", "text/plain", get(metrics::show))
            .listed("Everything that is counted, for Prometheus."),
        page("/openapi.json", "application/json", get(openapi::show)).listed("This document."),
        page("/docs", "text/html", get(docs::page)).listed("This document as a page."),
        page("/docs/", "text/html", get(docs::page)),
        page("/docs/{*file}", "text/html", get(docs::asset)),
    ];
    if config.dev_tokens {
        let route = HostRoute {
            method: Method::POST,
            class: Some(RouteClass::SignIn),
            ..page("/auth/token", "application/json", post(token::issue))
        };
        let summary = "Gives an access token to anybody who asks: for development only.";
        table.push(HostRoute {
            request: Some(token::schema),
            ..route.listed(summary)
        });
    }
    if config.demo_native {
        table.push(HostRoute {
            class: Some(RouteClass::Default),
            ..page("/bench/native", "application/json", get(native::hello))
        });
    }
    table
}

/// A `GET` route that the API document does not list and that is not counted.
fn page(
    path: &'static str,
    answers: &'static str,
    handler: MethodRouter<Arc<Shared>>,
) -> HostRoute {
    HostRoute {
        method: Method::GET,
        path,
        summary: None,
        answers,
        request: None,
        class: None,
        handler,
    }
}

impl HostRoute {
    fn listed(self, summary: &'static str) -> Self {
        Self {
            summary: Some(summary),
            ..self
        }
    }
}

/// A path of the host and the methods it has.
pub(crate) struct HostPath {
    pub pattern: &'static str,
    /// See [`HostRoute::class`].
    pub class: Option<RouteClass>,
    methods: Vec<&'static str>,
}

/// Finds and serves the host's routes.
pub(crate) struct HostRouter {
    paths: matchit::Router<HostPath>,
    axum: axum::Router,
}

impl HostRouter {
    /// The router of the table.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let mut paths = matchit::Router::new();
        let mut axum = axum::Router::new();
        for route in table(&shared.config) {
            let methods = vec![method::label(&route.method)];
            match paths.insert(
                route.path,
                HostPath {
                    pattern: route.path,
                    class: route.class,
                    methods,
                },
            ) {
                Ok(()) => axum = axum.route(route.path, route.handler),
                Err(error) => {
                    tracing::error!(route = route.path, %error, "a host route clashes with another")
                }
            }
        }
        Self {
            paths,
            axum: axum.with_state(Arc::clone(shared)),
        }
    }

    /// The host's own path, if it is one.
    pub(crate) fn find(&self, path: &str) -> Option<&HostPath> {
        self.paths.at(path).ok().map(|found| found.value)
    }

    /// Lets the handler answer.
    pub(crate) async fn serve(
        &self,
        config: &EdgeConfig,
        host: &HostPath,
        head: &Parts,
        body: Body,
        trail: &mut Trail,
    ) -> Answer {
        if !host
            .methods
            .contains(&method::routed(&head.method).as_str())
        {
            return Ok(method::other(&head.method, &host.methods, trail));
        }
        let body = body.read(config).await?;
        let mut request = Request::from_parts(head.clone(), axum::body::Body::from(body));
        // The edge itself keeps a HEAD's body back, once it knows its length.
        *request.method_mut() = method::routed(&head.method).clone();
        let within = Duration::from_millis(config.request_ms_max);
        let Ok(answered) = tokio::time::timeout(within, self.axum.clone().oneshot(request)).await
        else {
            return Err(Problem::new(504, "timeout", "The answer took too long."));
        };
        let Ok(mut response) = answered;
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            return Err(problem);
        }
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Response::from_parts(head, body.into()))
    }
}
