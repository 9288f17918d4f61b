//! A user's own change of the username.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{
    CROSS_SITE, INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, NOT_AUTHENTICATED, TOO_MANY_REQUESTS,
};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::cookies::OWN_PAGE;
use crate::helpers::flows::{EMAIL, ME, PASSWORD, USERNAME, registration_of};
use crate::helpers::response::Response;
use crate::helpers::validation::{broken_rule, missing, not_a_string};

/// Registers another user with this name.
async fn register(app: &App, username: &str) {
    let email = format!("other-{username}@example.com").to_lowercase();
    let response = app.register(&registration_of(&email, username)).await;
    response.assert_status(201);
}

fn username(app: &App) -> String {
    app.value("SELECT username FROM users WHERE email = 'tom@example.com'")
}

#[tokio::test]
async fn a_new_name_replaces_the_old_one_everywhere() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let mut expected = app.get_as(ME, &tokens.access).await.json();
    let response = app.rename(&tokens.access, "Tommy").await;
    expected["username"] = "Tommy".into();
    response.assert_json(200, &expected);
    app.get_as(ME, &tokens.access)
        .await
        .assert_json(200, &expected);
    app.login("tommy", PASSWORD).await.assert_status(200);
    app.login(USERNAME, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    register(&app, USERNAME).await;
}

#[tokio::test]
async fn the_owner_is_told_and_can_undo_it() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.rename(&tokens.access, "Tommy").await.assert_status(200);
    let mail = app.mail(1).await.json();
    assert_eq!(mail["to"], json!([EMAIL]));
    assert_eq!(mail["subject"], "Your Username Was Changed");
    for part in ["text", "html"] {
        let text = mail[part].as_str().expect("a text");
        assert!(text.contains("from Tom to Tommy"), "{text}");
    }
    app.disown(1).await.assert_status(200);
    assert_eq!(username(&app), USERNAME);
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    assert_eq!(
        app.actions_of_tom(),
        ["session.created", "username.changed", "account.secured"]
    );
}

#[tokio::test]
async fn a_disowned_change_does_not_take_the_name_of_another_user() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.rename(&tokens.access, "Tommy").await.assert_status(200);
    app.mail(1).await;
    register(&app, "tom").await;
    app.disown(1).await.assert_status(200);
    assert_eq!(username(&app), "Tommy");
}

#[tokio::test]
async fn the_same_name_in_another_case_is_allowed_and_the_same_name_changes_nothing() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.rename(&tokens.access, "TOM").await.assert_status(200);
    assert_eq!(username(&app), "TOM");
    app.rename(&tokens.access, "TOM").await.assert_status(200);
    assert_eq!(
        app.actions_of_tom(),
        ["session.created", "username.changed"]
    );
}

#[tokio::test]
async fn a_taken_name_is_refused_with_the_suggestion_of_a_registration() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    register(&app, "Ann").await;
    register(&app, "ann1").await;
    for name in ["Ann", "ANN"] {
        let renamed = app.rename(&tokens.access, name).await;
        let registered = app.register(&registration_of("x@example.com", name)).await;
        assert_eq!(renamed.status, 409);
        assert_eq!(renamed.json(), registered.json());
        assert_eq!(renamed.json()["detail"]["suggestion"], format!("{name}2"));
    }
    assert_eq!(username(&app), USERNAME);
    assert_eq!(app.actions_of_tom(), ["session.created"]);
}

#[tokio::test]
async fn the_rules_are_those_of_a_registration() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for (name, rule) in [
        ("a", "Username must be at least 3 characters long."),
        ("Admin", "This username is reserved and cannot be used."),
        (
            "t\u{043E}m",
            "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
        ),
        (
            "a__b",
            "Username cannot contain consecutive underscores or hyphens.",
        ),
    ] {
        let response = app.rename(&tokens.access, name).await;
        response.assert_invalid(&[broken_rule("username", rule, name.into())]);
    }
    let send = async |body: Value| app.send_as(Method::PATCH, ME, &tokens.access, &body).await;
    send(json!({}))
        .await
        .assert_invalid(&[missing("username", json!({}))]);
    send(json!({"username": 1}))
        .await
        .assert_invalid(&[not_a_string("username", json!(1))]);
    let extra = json!({"username": "Tommy", "id": "x", "account_role": "ADMIN", "email": "e@x.io"});
    send(extra).await.assert_status(200);
    let role: String = app.value("SELECT account_role || email FROM users");
    assert_eq!(role, format!("REGULAR{EMAIL}"));
}

#[tokio::test]
async fn it_takes_a_session_and_from_a_cookie_an_own_page() {
    let app = spawn_app().await;
    let body = json!({"username": "Tommy"});
    let request = || app.request(Method::PATCH, ME).json(&body);
    Response::to(request())
        .await
        .assert_error(&NOT_AUTHENTICATED);
    let cookies = app.log_tom_into_cookies().await.header();
    for headers in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let request = request()
            .header("cookie", &cookies)
            .header(headers.0, headers.1);
        Response::to(request).await.assert_error(&CROSS_SITE);
    }
    assert_eq!(username(&app), USERNAME);
    let [(name, value)] = OWN_PAGE;
    let request = request().header("cookie", &cookies).header(name, value);
    Response::to(request).await.assert_status(200);
}

#[tokio::test]
async fn one_network_cannot_change_names_without_a_limit() {
    let app = Setup::new().with("throttle", "on").spawn().await;
    let tokens = app.log_tom_in().await;
    for number in 0..10 {
        let response = app.rename(&tokens.access, &format!("Tom-{number}")).await;
        response.assert_status(200);
    }
    let response = app.rename(&tokens.access, "Tommy").await;
    assert_eq!(response.json(), TOO_MANY_REQUESTS.body());
    assert!(response.header("retry-after").is_some());
}

#[tokio::test]
async fn of_many_users_who_want_one_name_at_once_one_gets_it() {
    let app = spawn_app().await;
    let mut tokens = Vec::new();
    for number in 0..8 {
        let name = format!("user{number}");
        register(&app, &name).await;
        tokens.push(app.login(&name, PASSWORD).await.field("access_token"));
    }
    let renames = tokens.iter().map(|token| app.rename(token, "Wanted"));
    let responses = futures_util::future::join_all(renames).await;
    let won = responses.iter().filter(|response| response.status == 200);
    assert_eq!(won.count(), 1);
    assert!(
        responses
            .iter()
            .all(|response| [200, 409].contains(&response.status))
    );
    assert_eq!(app.count("users WHERE username = 'Wanted'"), 1);
    assert_eq!(app.count("events WHERE action = 'username.changed'"), 1);
}
