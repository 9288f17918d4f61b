//! The pages: their headers, their content, and what they disclose.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::{METHOD_NOT_ALLOWED, NOT_FOUND};
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::EMAIL;
use crate::helpers::page::{PAGES, attributes, strings, unescape};
use crate::helpers::response::Response;

#[tokio::test]
async fn a_page_is_html_without_sniffing_framing_or_referrer() {
    let app = spawn_app().await;
    for path in PAGES {
        let page = app.get(path).await;
        page.assert_status(200);
        for (header, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(page.header(header), Some(value), "{path}");
        }
        let head = Response::to(app.request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
    }
}

#[tokio::test]
async fn the_policy_allows_only_own_files() {
    let app = spawn_app().await;
    for path in PAGES {
        let page = app.get(path).await;
        let policy = page.header("content-security-policy").expect("a policy");
        let directives: BTreeMap<_, _> = policy
            .split("; ")
            .map(|directive| directive.split_once(' ').expect("a name and a value"))
            .collect();
        let expected = BTreeMap::from([
            ("default-src", "'none'"),
            ("script-src", "'self'"),
            ("style-src", "'self'"),
            ("img-src", "'self'"),
            ("connect-src", "'self'"),
            ("worker-src", "'self'"),
            ("form-action", "'self'"),
            ("base-uri", "'none'"),
            ("frame-ancestors", "'none'"),
            ("require-trusted-types-for", "'script'"),
            ("trusted-types", "captcha"),
        ]);
        assert_eq!(directives, expected, "{path}");
    }
}

#[tokio::test]
async fn no_page_has_inline_scripts_or_styles() {
    let app = spawn_app().await;
    for path in PAGES {
        let html = app.get(path).await.text;
        let scripts = html.matches("<script").count();
        assert!(scripts >= 1, "{path} has no script");
        assert_eq!(html.matches("></script>").count(), scripts, "{path}");
        assert_eq!(attributes(&html, "src").len(), scripts, "{path}");
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
    }
}

#[tokio::test]
async fn a_form_submitted_without_the_script_is_rejected() {
    let app = spawn_app().await;
    for path in PAGES {
        let request = app.request(Method::POST, path);
        let response = Response::to(request.form(&[("password", "correct horse 1")])).await;
        response.assert_error(&METHOD_NOT_ALLOWED);
        assert_eq!(response.header("allow"), Some("GET,HEAD"), "{path}");
    }
}

#[tokio::test]
async fn with_pages_off_only_the_api_is_served() {
    let app = spawn_app_with("pages", "off").await;
    for path in PAGES {
        app.get(path).await.assert_error(&NOT_FOUND);
        let post = Response::to(app.request(Method::POST, path)).await;
        post.assert_error(&NOT_FOUND);
    }
    app.get("/auth/assets/page.js")
        .await
        .assert_error(&NOT_FOUND);
    let tokens = app.log_tom_in().await;
    app.test_data(&tokens.access).await.assert_status(200);
    app.get("/docs").await.assert_status(200);
}

#[tokio::test]
async fn opening_a_reset_link_neither_stores_nor_logs_nor_uses_the_token() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let page = app
        .get(&format!("/auth/reset-password?token={token}"))
        .await;
    page.assert_status(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(!page.text.contains(&token), "the page contains the token");
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    let output = app.server.output();
    assert!(output.contains("\"route\":\"/auth/reset-password\""));
    assert!(!output.contains(&token), "the log contains the token");
}

#[tokio::test]
async fn the_token_is_removed_from_the_url_before_anything_else_is_loaded() {
    let app = spawn_app().await;
    let html = app.get("/auth/reset-password?token=abc").await.text;
    let first = html.find("<script src=\"/auth/assets/take-token.js\"></script>");
    let first = first.expect("a blocking script");
    for later in ["<link", "type=\"module\""] {
        assert!(html.find(later).is_some_and(|at| at > first), "{later}");
    }
}

#[tokio::test]
async fn the_query_is_never_reflected_in_a_page() {
    let app = spawn_app().await;
    for path in PAGES {
        let plain = app.get(path).await;
        let query = "?return_to=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&x=%3Cb%3E&token=%27%3E";
        let hostile = app.get(&format!("{path}{query}")).await;
        assert_eq!(hostile.status, 200, "{path}");
        assert_eq!(hostile.text, plain.text, "{path}");
    }
}

#[tokio::test]
async fn pages_show_the_configured_name_and_rules() {
    let app = Setup::new()
        .with("captcha_provider", "off")
        .with("emails_from_name", "The <App> & \"Co\"")
        .with("password_min_length", "11")
        .with("reset_token_expire_minutes", "17")
        .spawn()
        .await;
    for path in PAGES {
        let html = app.get(path).await.text;
        let title = "The &lt;App&gt; &amp; &quot;Co&quot;</title>";
        assert!(html.contains(title), "{path}: {html}");
        assert!(!html.contains("<App>"), "{path}");
    }
    assert_password_hint(&app, "legacy", "11").await;
    let html = app.get("/auth/forgot-password").await.text;
    assert!(html.contains("17 minutes"), "{html}");
}

#[tokio::test]
async fn pages_show_the_rules_of_nist() {
    for (configured, min_length) in [("6", "8"), ("15", "15")] {
        let app = Setup::new()
            .with("captcha_provider", "off")
            .with("password_rules", "nist")
            .with("password_min_length", configured)
            .spawn()
            .await;
        assert_password_hint(&app, "nist", min_length).await;
    }
}

async fn assert_password_hint(app: &App, rules: &str, min_length: &str) {
    let hint = strings("en")["fields"]["password_hint"][rules].clone();
    let hint = hint.as_str().expect("a string");
    let hint = hint.replace("{min_length}", min_length);
    for path in ["/auth/register", "/auth/reset-password"] {
        let html = unescape(&app.get(path).await.text);
        assert!(html.contains(&hint), "{path}: {html}");
    }
}

#[tokio::test]
async fn the_registration_page_supports_the_builtin_captcha_only() {
    for (provider, expected) in [("builtin", Some("builtin")), ("off", Some("off"))] {
        let app = spawn_app_with("captcha_provider", provider).await;
        let html = app.get("/auth/register").await.text;
        let captcha = attributes(&html, "data-captcha");
        assert_eq!(captcha.first().map(String::as_str), expected, "{html}");
    }
    for provider in ["service", "turnstile", "hcaptcha", "recaptcha"] {
        let setup = Setup::new().with("captcha_provider", provider);
        let app = setup.with("captcha_api_key", "a key").spawn().await;
        let html = unescape(&app.get("/auth/register").await.text);
        assert!(!html.contains("<form"), "{provider}: {html}");
        let elsewhere = strings("en")["register"]["elsewhere"].clone();
        assert!(
            html.contains(elsewhere.as_str().expect("a string")),
            "{html}"
        );
    }
}

#[tokio::test]
async fn every_field_has_a_label_and_an_autocomplete_type() {
    let app = spawn_app_with("captcha_provider", "off").await;
    for (path, expected) in [
        (
            "/auth/register",
            json!(["email", "username", "new-password", "one-time-code"]),
        ),
        ("/auth/login", json!(["username", "current-password"])),
        ("/auth/forgot-password", json!(["email"])),
        ("/auth/reset-password", json!(["new-password"])),
        ("/auth/verify-email", json!(["one-time-code", "email"])),
        ("/auth/not-me", json!([])),
        ("/auth/continue", json!([])),
        (
            "/account",
            json!([
                "username",
                "email",
                "current-password",
                "one-time-code",
                "username",
                "current-password",
                "new-password",
                "current-password",
            ]),
        ),
        (
            "/admin",
            json!([
                "off",
                "off",
                "off",
                "off",
                "off",
                "off",
                "off",
                "current-password",
            ]),
        ),
    ] {
        let html = app.get(path).await.text;
        assert_eq!(json!(attributes(&html, "autocomplete")), expected, "{path}");
        let labels = attributes(&html, "for");
        let ids: Vec<_> = unwrapped_fields(&html)
            .map(|field| attributes(field, "id")[0].clone())
            .collect();
        assert_eq!(labels, ids, "{path}");
    }
}

/// The tags of the fields that are not inside their labels.
fn unwrapped_fields(html: &str) -> impl Iterator<Item = &str> {
    let mut is_in_label = false;
    html.split('<').skip(1).filter(move |tag| {
        if tag.starts_with("label") || tag.starts_with("/label") {
            is_in_label = tag.starts_with("label");
        }
        let is_field = tag.starts_with("input") || tag.starts_with("select");
        // Hidden fields are for password managers alone.
        is_field && !is_in_label && !tag.starts_with("input hidden")
    })
}

#[tokio::test]
async fn pages_are_served_while_the_database_is_unusable() {
    let app = spawn_app().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    std::fs::write(app.database_path(), "no database at all\n".repeat(1000))
        .expect("a writable file");
    for path in PAGES {
        app.get(path).await.assert_status(200);
    }
}
