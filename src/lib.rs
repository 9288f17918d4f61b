//! Gatehouse, an accounts service for Spin.
//!
//! Entry point: initializes the instance at its first request and passes each request to the
//! router.

mod admin;
mod app;
mod brand;
mod captcha;
mod crypto;
mod db;
mod deletion;
mod events;
mod health;
mod housekeeping;
mod http;
mod languages;
mod legacy;
mod mail;
mod metrics;
mod pages;
mod passwords;
mod platform;
mod routes;
mod sessions;
mod settings;
mod templates;
mod throttle;
mod users;
mod verification;

#[cfg(test)]
mod proptests;

use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use futures_channel::oneshot;
use futures_util::future::select;
use http_body_util::BodyExt;
use tower_service::Service;

use crate::app::App;
use crate::platform::instance_lock::{InstanceLock, let_host_send};
use crate::platform::{Request, clock};
use crate::routes::Part;
use crate::settings::Settings;
use crate::settings::reader::Reader;

/// How long the work between requests waits for a client that takes its response slowly.
const SEND_LIMIT: Duration = Duration::from_secs(1);

/// State of this instance, built from the settings at its first request. `app` is `None` if the
/// settings are invalid.
#[derive(Default)]
struct Instance {
    app: Option<&'static App>,
    /// Each is built at the first request for its part.
    routers: [OnceLock<Router>; Part::COUNT],
}

static INSTANCE: OnceLock<Instance> = OnceLock::new();

/// Handles a request. The instance lock is held until the response is sent and the work between
/// requests is done.
pub async fn handle(request: Request) -> Response {
    let lock = InstanceLock::acquire();
    let instance = match INSTANCE.get() {
        Some(instance) => instance,
        None => {
            let instance = Instance::start().await;
            INSTANCE.get_or_init(|| instance)
        }
    };
    let mut router = instance.router(Part::of(request.uri().path())).clone();
    let response = match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    match instance.app.map(|app| (app, Work::due(app))) {
        Some((app, work)) if work != Work::default() => {
            let (response, is_sent) = signal_when_sent(response);
            platform::spawn(async move {
                // The sender is only dropped, and a slow client must not keep the instance busy.
                _ = select(is_sent, pin!(clock::sleep(SEND_LIMIT))).await;
                let_host_send().await;
                work.run(app).await;
                drop(lock);
            });
            response
        }
        _ => {
            platform::spawn(release_when_read(lock));
            response
        }
    }
}

/// The work after a request that is due.
#[derive(Default, PartialEq, Eq)]
struct Work {
    /// Adding counts to the metrics.
    flush: bool,
    housekeeping: bool,
}

impl Work {
    fn due(app: &App) -> Self {
        let has_written = app.database.take_written_flag();
        Self {
            flush: metrics::is_flush_due(app),
            housekeeping: mail::store::take_new_mail_flag() || housekeeping::is_due(has_written),
        }
    }

    async fn run(self, app: &App) {
        metrics::flush(app).await;
        if self.housekeeping {
            housekeeping::run(app).await;
            // It counts, too.
            metrics::flush(app).await;
        }
    }
}

/// Releases the lock once the host has read the body of a small response.
///
/// The next request would hold the body back until it waits or ends. The head has left by then, and a
/// second packet takes many clients 40 ms longer.
async fn release_when_read(lock: InstanceLock) {
    let_host_send().await;
    drop(lock);
}

/// Wraps the response so that the receiver resolves when its body has been sent or dropped.
/// Housekeeping starts only then: a statement that waits for a lock would block the response as
/// well.
fn signal_when_sent(response: Response) -> (Response, oneshot::Receiver<()>) {
    let (sender, is_sent) = oneshot::channel();
    let hold = move |frame| {
        _ = &sender;
        frame
    };
    let response = response.map(|body| Body::new(body.map_frame(hold)));
    (response, is_sent)
}

impl Instance {
    async fn start() -> Self {
        platform::log::start();
        let settings = Settings::load(&mut Reader::default()).await;
        platform::variables::return_to_worker_thread().await;
        match settings {
            Ok(settings) => Self::with(settings),
            Err(problems) => {
                for problem in problems {
                    tracing::error!(
                        variable = problem.variable,
                        "cannot use the settings: {problem}"
                    );
                }
                Self::default()
            }
        }
    }

    fn with(settings: Settings) -> Self {
        match App::new(settings) {
            Ok(app) => {
                // Handlers need a `'static` reference, and the app lives as long as the instance.
                let app: &'static App = Box::leak(Box::new(app));
                Self {
                    app: Some(app),
                    ..Self::default()
                }
            }
            Err(error) => {
                tracing::error!(cause = format!("{error:#}"), "cannot start");
                Self::default()
            }
        }
    }

    fn router(&self, part: Part) -> &Router {
        self.routers[part as usize].get_or_init(|| match self.app {
            Some(app) => routes::router(app, part),
            None => routes::misconfigured(),
        })
    }
}
