//! Email addresses adopted from the legacy service are normalized, so that logins find them.

use crate::helpers::api_error::EMAIL_TAKEN;
use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{PASSWORD, registration_of};
use crate::helpers::schema::migrate;
use crate::legacy::DATABASE;

/// The id of a user with a three-letter name.
fn id_of(name: &str) -> String {
    let [a, b, c] = name.as_bytes() else {
        panic!("three letters")
    };
    format!("00000000-0000-4000-8000-000000{a:02x}{b:02x}{c:02x}")
}

/// Inserts legacy users with Tom's password.
fn add(database: &rusqlite::Connection, users: &[(&str, &str)]) {
    for (name, email) in users {
        let statement = "INSERT INTO users (id, username, email, hashed_password, \
                         account_role, account_subscription) \
                         SELECT ?3, ?1, ?2, hashed_password, 'REGULAR', 'FREE' \
                         FROM users WHERE username = 'Tom'";
        database
            .execute(statement, [*name, *email, &id_of(name)])
            .expect("a user");
    }
}

async fn spawn_with_legacy_users(users: &[(&str, &str)]) -> App {
    let setup = Setup::new();
    let database = rusqlite::Connection::open(setup.database_path()).expect("a database");
    database.execute_batch(DATABASE).expect("the legacy schema");
    add(&database, users);
    drop(database);
    let app = setup.spawn().await;
    app.get("/health/ready").await.assert_status(200);
    app
}

fn email_of(app: &App, name: &str) -> String {
    app.value(&format!(
        "SELECT email FROM users WHERE username = '{name}'"
    ))
}

fn log_lines_about(app: &App, name: &str) -> usize {
    let about = id_of(name);
    let output = app.server.output();
    output.lines().filter(|line| line.contains(&about)).count()
}

#[tokio::test]
async fn adopted_addresses_are_normalized() {
    let users = [
        ("ann", "ann@żółw.pl"),
        ("bob", "Bob@Example.COM"),
        ("cid", "cid@ex\u{FF41}mple.com"),
        ("dan", "dan@example.com"),
    ];
    let app = spawn_with_legacy_users(&users).await;
    for (name, stored) in [
        ("ann", "ann@xn--w-uga1v8h.pl"),
        ("bob", "bob@example.com"),
        ("cid", "cid@example.com"),
        ("dan", "dan@example.com"),
    ] {
        assert_eq!(email_of(&app, name), stored);
        assert_eq!(log_lines_about(&app, name), 0);
    }
    for (_, email) in users {
        app.login(email, PASSWORD).await.assert_status(200);
    }
    let second = registration_of("ann@ŻÓŁW.pl", "ann2");
    app.register(&second).await.assert_error(&EMAIL_TAKEN);
    app.forgot_password("ann@żółw.pl").await.assert_status(202);
    assert_eq!(app.mail(1).await.json()["to"][0], "ann@xn--w-uga1v8h.pl");
}

#[tokio::test]
async fn adopted_addresses_that_cannot_be_normalized_are_kept_and_logged_once() {
    let users = [
        // Conflicts with Tom's address.
        ("ann", "TOM@example.com"),
        // Conflicts with the next user's address; the first one is normalized.
        ("bob", "Eve@żółw.pl"),
        ("cid", "EVE@żółw.pl"),
        ("dan", "dąn@example.com"),
        ("ela", "Ela without an address"),
    ];
    let mut app = spawn_with_legacy_users(&users).await;
    assert_eq!(email_of(&app, "bob"), "eve@xn--w-uga1v8h.pl");
    let kept = [users[0], users[2], users[3], users[4]];
    for (name, email) in kept {
        assert_eq!(email_of(&app, name), email);
        assert_eq!(log_lines_about(&app, name), 1, "{name}");
        assert!(!app.server.output().contains(email), "{email} is logged");
    }
    app.login("ann", PASSWORD).await.assert_status(200);
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    for (name, _) in kept {
        assert_eq!(log_lines_about(&app, name), 0, "{name}");
    }
}

#[tokio::test]
async fn addresses_adopted_by_an_earlier_version_are_normalized_too() {
    let setup = Setup::new();
    let database = rusqlite::Connection::open(setup.database_path()).expect("a database");
    database.execute_batch(DATABASE).expect("the legacy schema");
    migrate(&database, 7);
    add(&database, &[("ann", "ann@żółw.pl")]);
    drop(database);
    let app = setup.spawn().await;
    app.login("ann@żółw.pl", PASSWORD).await.assert_status(200);
}
