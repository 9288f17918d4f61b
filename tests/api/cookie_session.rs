//! Sessions in cookies: how they are set, refreshed, ended and read.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{
    DB_ERROR, INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, NOT_AUTHENTICATED,
};
use crate::helpers::app::{Setup, spawn_app};
use crate::helpers::cookies::{
    ACCESS, Cookies, OWN_PAGE, REFRESHED, assert_cleared, set_cookie, set_cookies, with_headers,
};
use crate::helpers::flows::{
    EMAIL, LOGIN, LOGOUT, ME, PASSWORD, REFRESH, SESSION, TEST_DATA, Tokens, registration_of,
};
use crate::helpers::response::Response;
use crate::helpers::time::unix_now;
use crate::helpers::token::{claims, signed};
use crate::helpers::validation::{missing, no_body, not_a_string};

/// Moves the last rotation back beyond the grace period for retries.
const END_GRACE_PERIOD: &str = "UPDATE sessions SET rotated_at = rotated_at - 11";

/// The attributes of a cookie in alphabetical order.
fn attributes(set_cookie: &str) -> Vec<&str> {
    let mut attributes: Vec<_> = set_cookie.split("; ").skip(1).collect();
    attributes.sort_unstable();
    attributes
}

#[tokio::test]
async fn over_https_the_cookies_have_prefixes_and_are_secure() {
    for frontend_url in ["https://app.example.com", "HTTPS://App.example.com/base"] {
        let app = Setup::new()
            .with("frontend_url", frontend_url)
            .spawn()
            .await;
        app.register_tom().await;
        let response = Response::to(app.login_into_cookies(&OWN_PAGE)).await;
        response.assert_json(200, &json!({"expires_in": 1800}));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(set_cookies(&response).len(), 2);
        assert_eq!(
            attributes(set_cookie(&response, "__Host-gatehouse")),
            [
                "HttpOnly",
                "Max-Age=604800",
                "Path=/",
                "SameSite=Lax",
                "Secure"
            ]
        );
        assert_eq!(
            attributes(set_cookie(&response, "__Secure-gatehouse-refresh")),
            [
                "HttpOnly",
                "Max-Age=604800",
                "Path=/api/v1/auth",
                "SameSite=Strict",
                "Secure"
            ]
        );
    }
}

#[tokio::test]
async fn over_http_the_cookies_have_neither_prefixes_nor_secure_whatever_the_request_says() {
    let app = spawn_app().await;
    app.register_tom().await;
    let headers = [
        OWN_PAGE[0],
        ("x-forwarded-proto", "https"),
        ("forwarded", "proto=https"),
    ];
    let response = Response::to(app.login_into_cookies(&headers)).await;
    response.assert_json(200, &json!({"expires_in": 1800}));
    assert_eq!(set_cookies(&response).len(), 2);
    assert_eq!(
        attributes(set_cookie(&response, ACCESS)),
        ["HttpOnly", "Max-Age=604800", "Path=/", "SameSite=Lax"]
    );
    assert_eq!(
        attributes(set_cookie(&response, REFRESHED)),
        [
            "HttpOnly",
            "Max-Age=604800",
            "Path=/api/v1/auth",
            "SameSite=Strict"
        ]
    );
}

#[tokio::test]
async fn only_the_names_of_the_configured_scheme_are_read() {
    for (frontend_url, name, other) in [
        ("http://app.example.com", "gatehouse", "__Host-gatehouse"),
        ("https://app.example.com", "__Host-gatehouse", "gatehouse"),
    ] {
        let app = Setup::new()
            .with("frontend_url", frontend_url)
            .spawn()
            .await;
        let access = app.log_tom_in().await.access;
        let response = app.get_with(TEST_DATA, &format!("{name}={access}")).await;
        response.assert_status(200);
        let response = app.get_with(TEST_DATA, &format!("{other}={access}")).await;
        response.assert_error(&NOT_AUTHENTICATED);
    }
}

#[tokio::test]
async fn another_kind_of_session_is_rejected() {
    let app = spawn_app().await;
    app.register_tom().await;
    for session in ["cookies", "Cookie", "token", " cookie", "cookie\n"] {
        let error = json!({
            "type": "string_pattern_mismatch",
            "loc": ["body", "session"],
            "msg": "String should match pattern '^cookie$'",
            "input": session,
            "ctx": {"pattern": "^cookie$"},
        });
        let form = [
            ("username", EMAIL),
            ("password", PASSWORD),
            ("session", session),
        ];
        let response = app.login_form(&form).await;
        response.assert_invalid(std::slice::from_ref(&error));
        let body = json!({"refresh_token": "none", "session": session});
        let response = app.post(REFRESH, &body).await;
        response.assert_invalid(std::slice::from_ref(&error));
    }
    let body = json!({"session": 1});
    let response = app.post_with(REFRESH, "", Some(&body)).await;
    response.assert_invalid(&[not_a_string("session", json!(1))]);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn a_login_without_the_choice_sets_no_cookie() {
    let app = spawn_app().await;
    app.register_tom().await;
    for form in [
        &[("username", EMAIL), ("password", PASSWORD)][..],
        &[("username", EMAIL), ("password", PASSWORD), ("session", "")],
    ] {
        let request = app.request(Method::POST, LOGIN).form(form);
        let response = Response::to(with_headers(request, &OWN_PAGE)).await;
        Tokens::of(&response);
        assert_eq!(set_cookies(&response), [""; 0]);
    }
}

#[tokio::test]
async fn a_failed_login_sets_no_cookie_and_keeps_the_previous_session() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let form = [
        ("username", EMAIL),
        ("password", "wrong horse 1"),
        ("session", "cookie"),
    ];
    let request = app.request(Method::POST, LOGIN).form(&form);
    let request = with_headers(request.header("cookie", cookies.header()), &OWN_PAGE);
    let response = Response::to(request).await;
    response.assert_error(&INCORRECT_CREDENTIALS);
    assert_eq!(set_cookies(&response), [""; 0]);
    app.refresh_with(&cookies.header()).await.assert_status(200);
}

#[tokio::test]
async fn a_login_ends_the_session_that_it_replaces_in_the_cookies() {
    let app = spawn_app().await;
    let previous = app.log_tom_into_cookies().await;
    let other_browser = app.cookies_of_tom().await;
    let request = app.login_into_cookies(&OWN_PAGE);
    let next = Response::to(request.header("cookie", previous.header())).await;
    let next = Cookies::of(&next);
    app.get_with(TEST_DATA, &previous.header())
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    for alive in [next, other_browser] {
        app.get_with(TEST_DATA, &alive.header())
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn the_access_cookie_opens_every_protected_route() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    for path in [ME, SESSION, TEST_DATA] {
        let cookie = format!("theme=dark; {ACCESS}={}; lang=pl", cookies.access);
        let response = app.get_with(path, &cookie).await;
        response.assert_status(200);
        assert_eq!(set_cookies(&response), [""; 0]);
    }
}

#[tokio::test]
async fn a_link_from_another_site_shows_protected_pages() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let request = app.request(Method::GET, TEST_DATA);
    let request = request.header("cookie", cookies.header());
    let request = with_headers(request, &[("sec-fetch-site", "cross-site")]);
    Response::to(request).await.assert_status(200);
}

#[tokio::test]
async fn a_bearer_token_comes_before_the_cookie() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let ann = app
        .register(&registration_of("ann@example.com", "ann"))
        .await;
    let tokens = Tokens::of(&app.login("ann", PASSWORD).await);
    let get = |authorization: String| {
        let request = app.request(Method::GET, TEST_DATA);
        let request = request.header("cookie", cookies.header());
        Response::to(request.header("authorization", authorization))
    };
    let response = get(format!("Bearer {}", tokens.access)).await;
    assert_eq!(response.field("user_id"), ann.field("id"));
    get("Bearer nope".into())
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    get("Basic dG9tOnRvbQ==".into())
        .await
        .assert_error(&NOT_AUTHENTICATED);
}

#[tokio::test]
async fn a_refresh_by_cookie_sets_the_next_cookies_of_the_same_session() {
    let app = spawn_app().await;
    let mut cookies = app.log_tom_into_cookies().await;
    for body in [
        None,
        Some(json!({})),
        Some(json!({"more": 1})),
        Some(json!({"session": "cookie"})),
    ] {
        let response = app
            .post_with(REFRESH, &cookies.header(), body.as_ref())
            .await;
        response.assert_json(200, &json!({"expires_in": 1800}));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let next = Cookies::of(&response);
        assert_ne!(next.refresh, cookies.refresh);
        assert_eq!(claims(&next.access)["sid"], claims(&cookies.access)["sid"]);
        app.get_with(TEST_DATA, &next.header())
            .await
            .assert_status(200);
        cookies = next;
    }
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn the_cookies_last_exactly_as_long_as_the_session() {
    let app = Setup::new().with("session_max_days", "30").spawn().await;
    let cookies = app.log_tom_into_cookies().await;
    app.change("UPDATE sessions SET created_at = created_at - 29 * 86400");
    for _ in ["rotated", "retried"] {
        let response = app.refresh_with(&cookies.header()).await;
        for name in [ACCESS, REFRESHED] {
            let header = set_cookie(&response, name);
            let (_, age) = header.split_once("Max-Age=").expect("a lifetime");
            let age: i64 = age
                .split(';')
                .next()
                .unwrap_or_default()
                .parse()
                .expect("seconds");
            assert!((86400 - 60..=86400).contains(&age), "{header}");
        }
    }
}

#[tokio::test]
async fn a_token_in_the_body_comes_before_the_cookie() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let tokens = app.tokens_of_tom().await;
    let body = json!({"refresh_token": tokens.refresh});
    let response = app.post_with(REFRESH, &cookies.header(), Some(&body)).await;
    let next = Tokens::of(&response);
    assert_eq!(claims(&next.access)["sid"], claims(&tokens.access)["sid"]);
    assert_eq!(set_cookies(&response), [""; 0]);
    let body = json!({"refresh_token": next.refresh});
    let response = app.post_with(LOGOUT, &cookies.header(), Some(&body)).await;
    assert_eq!(set_cookies(response.assert_status(204)), [""; 0]);
    app.get_with(TEST_DATA, &cookies.header())
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_null_token_in_the_body_is_rejected_even_with_a_cookie() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let body = json!({"refresh_token": null});
    for path in [REFRESH, LOGOUT] {
        let response = app.post_with(path, &cookies.header(), Some(&body)).await;
        response.assert_invalid(&[not_a_string("refresh_token", Value::Null)]);
    }
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn a_stored_refresh_token_can_be_exchanged_for_cookies() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let body = json!({"refresh_token": tokens.refresh, "session": "cookie"});
    let response = app.post_with(REFRESH, "", Some(&body)).await;
    response.assert_json(200, &json!({"expires_in": 1800}));
    let cookies = Cookies::of(&response);
    assert_eq!(
        claims(&cookies.access)["sid"],
        claims(&tokens.access)["sid"]
    );
    app.change(END_GRACE_PERIOD);
    app.refresh_with(&cookies.header()).await.assert_status(200);
    app.change(END_GRACE_PERIOD);
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_refused_token_in_the_body_leaves_the_cookies_alone() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let body = json!({"refresh_token": "none", "session": "cookie"});
    let response = app.post_with(REFRESH, &cookies.header(), Some(&body)).await;
    response.assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(set_cookies(&response), [""; 0]);
}

#[tokio::test]
async fn without_a_token_or_a_cookie_there_is_nothing_to_refresh() {
    let app = spawn_app().await;
    for path in [REFRESH, LOGOUT] {
        let response = app.post_with(path, "theme=dark", None).await;
        response.assert_invalid(&[no_body()]);
        let response = app.post_with(path, "theme=dark", Some(&json!({}))).await;
        response.assert_invalid(&[missing("refresh_token", json!({}))]);
    }
    let body = json!({"session": "cookie"});
    let response = app.post_with(REFRESH, "", Some(&body)).await;
    response.assert_error(&INVALID_REFRESH_TOKEN);
    let response = app.post_with(LOGOUT, "", Some(&body)).await;
    assert_cleared(response.assert_status(204));
}

#[tokio::test]
async fn a_logout_by_cookie_ends_the_session_and_clears_both_cookies() {
    let app = spawn_app().await;
    app.register_tom().await;
    for body in [None, Some(json!({})), Some(json!({"session": "cookie"}))] {
        let cookies = app.cookies_of_tom().await;
        let response = app
            .post_with(LOGOUT, &cookies.header(), body.as_ref())
            .await;
        assert_eq!(response.assert_status(204).text, "");
        assert_cleared(&response);
        let response = app.get_with(TEST_DATA, &cookies.header()).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
        let response = app.refresh_with(&cookies.header()).await;
        response.assert_error(&INVALID_REFRESH_TOKEN);
        assert_eq!(app.count("sessions"), 0);
    }
}

#[tokio::test]
async fn cookies_are_cleared_with_the_attributes_that_they_were_set_with() {
    let app = Setup::new()
        .with("frontend_url", "https://app.example.com")
        .spawn()
        .await;
    let body = json!({"session": "cookie"});
    let response = app.post_with(LOGOUT, "", Some(&body)).await;
    assert_eq!(
        attributes(set_cookie(&response, "__Host-gatehouse")),
        ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]
    );
    assert_eq!(
        attributes(set_cookie(&response, "__Secure-gatehouse-refresh")),
        [
            "HttpOnly",
            "Max-Age=0",
            "Path=/api/v1/auth",
            "SameSite=Strict",
            "Secure"
        ]
    );
}

#[tokio::test]
async fn a_refused_refresh_clears_the_cookies() {
    let app = spawn_app().await;
    let ended = app.log_tom_into_cookies().await;
    app.logout(&ended.refresh).await.assert_status(204);
    let reused = app.cookies_of_tom().await;
    app.refresh_with(&reused.header()).await.assert_status(200);
    app.change(END_GRACE_PERIOD);
    for cookies in [ended, reused] {
        let response = app.refresh_with(&cookies.header()).await;
        response.assert_error(&INVALID_REFRESH_TOKEN);
        assert_cleared(&response);
    }
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn a_disabled_user_cannot_use_cookies() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    app.change("UPDATE users SET disabled_at = unixepoch()");
    for path in [ME, SESSION, TEST_DATA] {
        let response = app.get_with(path, &cookies.header()).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
    let response = app.refresh_with(&cookies.header()).await;
    response.assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_failure_of_the_service_leaves_the_cookies_alone() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    app.change("UPDATE users SET account_role = 'KING'");
    let response = app.refresh_with(&cookies.header()).await;
    response.assert_error(&DB_ERROR);
    assert_eq!(set_cookies(&response), [""; 0]);
}

#[tokio::test]
async fn an_expired_access_token_is_refused_and_its_cookie_stays_for_the_refresh() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let mut expired = claims(&cookies.access);
    expired["exp"] = json!(unix_now() - 60);
    let expired = Cookies {
        access: signed(&expired),
        ..cookies
    };
    let response = app.get_with(TEST_DATA, &expired.header()).await;
    response.assert_error(&INVALID_ACCESS_TOKEN);
    assert_eq!(set_cookies(&response), [""; 0]);
    app.refresh_with(&expired.header()).await.assert_status(200);
}

#[tokio::test]
async fn tabs_that_refresh_at_once_all_go_on() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let header = cookies.header();
    let responses = join_all((0..20).map(|_| app.refresh_with(&header))).await;
    let next: Vec<_> = responses.iter().map(Cookies::of).collect();
    for cookies in &next {
        assert_eq!(cookies.refresh, next[0].refresh);
        app.get_with(TEST_DATA, &cookies.header())
            .await
            .assert_status(200);
    }
    app.refresh_with(&next[7].header()).await.assert_status(200);
}
