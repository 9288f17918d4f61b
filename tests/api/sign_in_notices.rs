//! The notice of a login from a network and with a browser that are both new to the account.

use reqwest::Method;

use crate::helpers::api_error::{INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN};
use crate::helpers::app::{App, SECRET_KEY, Setup};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, Tokens};
use crate::helpers::response::Response;

const HOME: &str = "192.0.2.1";
const WORK: &str = "198.51.100.1";
const CAFE: &str = "203.0.113.1";
const PHONE: &str = "Phone/1.0";
const LAPTOP: &str = "Laptop/1.0";
const TABLET: &str = "Tablet/1.0";

/// Starts a service behind one proxy, with Tom logged in at home with his phone.
async fn spawn() -> App {
    let setup = Setup::new().with("trusted_proxy_hops", "1");
    let app = setup.with("session_ip", "prefix").spawn().await;
    app.register_tom().await;
    app.login_with(HOME, PHONE).await.assert_status(200);
    app
}

/// The number of notices that are waiting or have been sent.
fn notices(app: &App) -> usize {
    let waiting = app.count("outbox WHERE kind = 'new_sign_in'");
    let sent = app.mail_provider.received().len();
    sent.max(usize::try_from(waiting).expect("a count"))
}

#[tokio::test]
async fn a_new_network_and_a_new_browser_together_send_a_notice() {
    let app = spawn().await;
    app.login_with(WORK, "Laptop/2.0 <b>")
        .await
        .assert_status(200);
    let mail = app.mail(1).await.json();
    assert_eq!(mail["subject"], "New Sign-In to Your Account");
    let text = mail["text"].as_str().expect("a text");
    for part in [
        "Browser: Laptop/2.0 <b>",
        "Network: 198.51.100.0/24",
        " UTC",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let html = mail["html"].as_str().expect("HTML");
    assert!(html.contains("Laptop&#x2f;2.0 &lt;b&gt;"), "{html}");
}

#[tokio::test]
async fn the_first_login_sends_none_and_neither_does_anything_familiar() {
    let app = spawn().await;
    for (network, browser) in [(HOME, PHONE), (HOME, LAPTOP), (WORK, LAPTOP), (WORK, PHONE)] {
        app.login_with(network, browser).await.assert_status(200);
    }
    // Notices are queued before the response.
    assert_eq!(notices(&app), 0);
    app.login_with(CAFE, TABLET).await.assert_status(200);
    app.mail(1).await;
    app.login_with(CAFE, TABLET).await.assert_status(200);
    app.login_with(CAFE, PHONE).await.assert_status(200);
    assert_eq!(notices(&app), 1);
}

#[tokio::test]
async fn a_failed_login_sends_none_and_makes_nothing_familiar() {
    let app = spawn().await;
    let request = app
        .request(Method::POST, LOGIN)
        .header("x-forwarded-for", WORK);
    let request = request.header("user-agent", LAPTOP);
    let form = [("username", EMAIL), ("password", "wrong password 1")];
    let response = Response::to(request.form(&form)).await;
    response.assert_error(&INCORRECT_CREDENTIALS);
    assert_eq!(notices(&app), 0);
    app.login_with(WORK, LAPTOP).await.assert_status(200);
    app.mail(1).await;
}

#[tokio::test]
async fn the_link_in_the_notice_secures_the_account_once() {
    let app = spawn().await;
    let owner = Tokens::of(&app.login_with(HOME, PHONE).await);
    let thief = Tokens::of(&app.login_with(WORK, LAPTOP).await);
    app.disown(1).await.assert_status(200);
    for tokens in [&owner, &thief] {
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
    app.login(EMAIL, PASSWORD)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    app.disown(1).await.assert_status(400);
}

#[tokio::test]
async fn what_is_familiar_stays_so_after_the_key_was_rotated() {
    let mut app = spawn().await;
    app.set("secret_key", "another secret key of the tests, as long");
    app.set("secret_key_previous", SECRET_KEY);
    app.restart().await;
    app.login_with(WORK, PHONE).await.assert_status(200);
    app.login_with(HOME, LAPTOP).await.assert_status(200);
    assert_eq!(notices(&app), 0);
}

#[tokio::test]
async fn neither_networks_nor_browsers_are_stored_in_plain_text_as_known() {
    let app = spawn().await;
    let plain = "known_networks WHERE network LIKE '%Phone%' OR network LIKE '%192%.%'";
    assert_eq!(app.count(plain), 0);
    assert_eq!(app.count("known_networks"), 2);
}

#[tokio::test]
async fn a_login_without_a_browser_counts_as_one_of_its_own() {
    let app = spawn().await;
    let form = [("username", EMAIL), ("password", PASSWORD)];
    let request = app
        .request(Method::POST, LOGIN)
        .header("x-forwarded-for", WORK);
    Response::to(request.form(&form)).await.assert_status(200);
    let text = app.mail(1).await.json()["text"].to_string();
    assert!(!text.contains("Browser:"), "{text}");
}
