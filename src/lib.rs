//! Gatehouse: the accounts service of a Spin application.
//!
//! This is the entry point: one request at a time is handed to the router of this instance.

mod api;
mod app;
mod assets;
mod captcha;
// Written down by its tests; the component serves the files.
#[cfg(test)]
mod description;
mod domain;
mod edge;
mod error;
mod extract;
mod hashing;
mod housekeeping;
mod log;
mod mailer;
mod outbound;
mod platform;
mod routes;
mod settings;
mod store;
mod templates;
mod throttle;

use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use futures_channel::oneshot;
use http_body_util::BodyExt;
use tower_service::Service;

use crate::app::App;
use crate::platform::Request;
use crate::platform::turn::Turn;
use crate::settings::Settings;
use crate::store::outbox;

/// What this instance made of its settings, at its first request.
struct Instance {
    app: Option<&'static App>,
    router: Router,
}

static INSTANCE: OnceLock<Instance> = OnceLock::new();

/// Answers a request.
pub async fn handle(request: Request) -> Response {
    let turn = Turn::begin();
    let instance = match INSTANCE.get() {
        Some(instance) => instance,
        None => {
            let instance = Instance::start().await;
            INSTANCE.get_or_init(|| instance)
        }
    };
    let response = match instance.router.clone().call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    match instance.app {
        Some(app) if outbox::take_announcement() || housekeeping::is_due() => {
            let (response, is_sent) = notice_when_sent(response);
            platform::spawn(async move {
                // An answer that nobody waits for any more has been sent, too.
                _ = is_sent.await;
                housekeeping::run(app).await;
                drop(turn);
            });
            response
        }
        _ => response,
    }
}

/// The response, and what is ready when its body has been sent or given up: a statement of the work
/// between requests that waits for a lock would keep it waiting, too.
fn notice_when_sent(response: Response) -> (Response, oneshot::Receiver<()>) {
    let (sending, is_sent) = oneshot::channel();
    let hold = move |frame| {
        _ = &sending;
        frame
    };
    let response = response.map(|body| Body::new(body.map_frame(hold)));
    (response, is_sent)
}

impl Instance {
    async fn start() -> Self {
        log::start();
        match Settings::load().await {
            Ok(settings) => Self::with(settings),
            Err(problems) => {
                for problem in problems {
                    tracing::error!(
                        variable = problem.variable,
                        "cannot use the settings: {problem}"
                    );
                }
                Self::misconfigured()
            }
        }
    }

    fn with(settings: Settings) -> Self {
        match App::new(settings) {
            Ok(app) => {
                // It lives as long as the instance, which is as long as anything here lives.
                let app: &'static App = Box::leak(Box::new(app));
                Self {
                    app: Some(app),
                    router: routes::router(app),
                }
            }
            Err(error) => {
                tracing::error!(cause = format!("{error:#}"), "cannot start");
                Self::misconfigured()
            }
        }
    }

    fn misconfigured() -> Self {
        Self {
            app: None,
            router: routes::misconfigured(),
        }
    }
}
