//! Gatehouse: the accounts service of a Spin application.
//!
//! This is the entry point: one request at a time is handed to the router of this instance.

mod app;
mod captcha;
mod crypto;
mod db;
mod health;
mod housekeeping;
mod http;
mod languages;
mod legacy;
mod mail;
mod pages;
mod passwords;
mod platform;
mod routes;
mod sessions;
mod settings;
mod templates;
mod throttle;
mod users;

#[cfg(test)]
mod proptests;

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
use crate::settings::reader::Reader;

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
        Some(app) if mail::store::take_announcement() || housekeeping::is_due() => {
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
        platform::log::start();
        match Settings::load(&mut Reader::default()).await {
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
