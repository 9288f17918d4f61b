//! The liveness and readiness probes.

use reqwest::Method;
use serde_json::json;

use crate::helpers::app::spawn_app;
use crate::helpers::server::in_repository;

#[tokio::test]
async fn the_root_returns_ok() {
    let app = spawn_app().await;
    app.get("/")
        .await
        .assert_json(200, &json!({"status": "ok"}));
}

#[tokio::test]
async fn the_liveness_probe_reports_the_version() {
    let app = spawn_app().await;
    app.get("/health/live").await.assert_json(
        200,
        &json!({"status": "ok", "version": version(), "uptime": null, "components": null}),
    );
}

#[tokio::test]
async fn the_readiness_probe_reports_the_database() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_json(
        200,
        &json!({
            "status": "ok",
            "version": version(),
            "uptime": null,
            "components": {"database": "operational"},
        }),
    );
}

#[tokio::test]
async fn probes_answer_head_requests() {
    let app = spawn_app().await;
    for path in ["/", "/health/live", "/health/ready"] {
        let response = app
            .request(Method::HEAD, path)
            .send()
            .await
            .expect("a response");
        assert_eq!(response.status(), 200, "{path}");
    }
}

/// The version of the service's package.
fn version() -> String {
    let manifest = std::fs::read_to_string(in_repository("Cargo.toml"));
    let manifest = manifest.expect("a readable manifest");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    version
        .expect("the package has a version")
        .trim_matches('"')
        .to_owned()
}
