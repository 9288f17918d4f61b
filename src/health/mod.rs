//! Health probes: is the process alive, and can it do its work?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::db::{Database, DbError};
use crate::{housekeeping, users};

const UNUSABLE: &str = "unusable";

const HELLO: Hello = Hello { status: "ok" };

const UNUSABLE_DATABASE: Components = Components {
    database: Some(UNUSABLE),
    settings: None,
};

/// Service status
#[utoipa::path(
    get,
    path = "/",
    tag = "health",
    responses((
        status = 200,
        description = "The service is running",
        body = Hello,
        example = json!(HELLO),
    ))
)]
pub async fn hello() -> Json<Hello> {
    Json(HELLO)
}

/// Liveness
///
/// For a liveness probe. It does not use the database, so a database failure restarts no instance.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "health",
    responses((
        status = 200,
        description = "The service is running",
        body = Health,
        example = json!(Health::new("ok", None)),
    ))
)]
pub async fn live() -> Json<Health> {
    Json(Health::new("ok", None))
}

/// Readiness
///
/// For a readiness probe: 200 only if the settings, the database and its schema are usable.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    responses(
        (
            status = 200,
            description = "The service is ready",
            body = Health,
            example = json!(operational()),
        ),
        (
            status = 503,
            description = "The service is not ready; `components` says why",
            body = Health,
            example = json!(Health::new("unavailable", Some(UNUSABLE_DATABASE))),
        ),
    )
)]
pub async fn ready(State(app): State<&'static App>) -> (StatusCode, Json<Health>) {
    housekeeping::note_probe();
    match probe(&app.database).await {
        Ok(()) => (StatusCode::OK, Json(operational())),
        Err(error) => {
            tracing::error!(cause = %error, "the database is not usable");
            unavailable(UNUSABLE_DATABASE)
        }
    }
}

/// `/health/ready` of a service with invalid settings.
pub async fn misconfigured() -> (StatusCode, Json<Health>) {
    unavailable(Components {
        settings: Some(UNUSABLE),
        ..Components::default()
    })
}

/// Reads a table, which requires the migrated schema.
async fn probe(database: &Database) -> Result<(), DbError> {
    let mut connection = database.connect().await?;
    users::store::probe(&mut connection)
}

fn operational() -> Health {
    let components = Components {
        database: Some("operational"),
        settings: None,
    };
    Health::new("ok", Some(components))
}

fn unavailable(components: Components) -> (StatusCode, Json<Health>) {
    let health = Health::new("unavailable", Some(components));
    (StatusCode::SERVICE_UNAVAILABLE, Json(health))
}

/// Status of the service.
#[derive(Serialize, ToSchema)]
pub struct Hello {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Health of the service.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `unavailable`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Version of the service.
    #[schema(example = "1.0.0")]
    version: &'static str,
    /// Always null: an instance does not know the uptime of the service.
    #[schema(required, value_type = Option<u64>)]
    uptime: (),
    /// Status of the service's components.
    #[schema(required)]
    components: Option<Components>,
}

/// Status of the service's components. A component that was not checked is absent.
#[derive(Default, Serialize, ToSchema)]
pub struct Components {
    /// `operational` or `unusable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "operational")]
    database: Option<&'static str>,
    /// `unusable` if a setting is invalid; the log names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<&'static str>,
}

impl Health {
    fn new(status: &'static str, components: Option<Components>) -> Self {
        Self {
            status,
            version: env!("CARGO_PKG_VERSION"),
            uptime: (),
            components,
        }
    }
}
