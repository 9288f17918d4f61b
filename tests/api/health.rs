//! Health: alive, and able to work.

use reqwest::Method;
use serde_json::json;

use crate::helpers::app::spawn_app;
use crate::helpers::server::in_repository;

#[tokio::test]
async fn the_root_says_ok() {
    let app = spawn_app().await;
    app.get("/")
        .await
        .assert_json(200, &json!({"status": "ok"}));
}

#[tokio::test]
async fn a_live_service_says_so_with_its_version() {
    let app = spawn_app().await;
    app.get("/health/live").await.assert_json(
        200,
        &json!({"status": "ok", "version": version(), "uptime": null, "components": null}),
    );
}

#[tokio::test]
async fn a_ready_service_says_so_of_its_database() {
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
async fn a_probe_may_ask_for_the_head_alone() {
    let app = spawn_app().await;
    for path in ["/", "/health/live", "/health/ready"] {
        let answer = app
            .request(Method::HEAD, path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

/// The version of the service's package.
fn version() -> String {
    let manifest = std::fs::read_to_string(in_repository("Cargo.toml"));
    let manifest = manifest.expect("the manifest can be read");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    version
        .expect("the package has a version")
        .trim_matches('"')
        .to_owned()
}
