//! Query plans: no statement scans a whole table.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::json;

use crate::helpers::admin::{ADMIN_API_KEY, USERS, user_path};
use crate::helpers::app::App;
use crate::helpers::captcha::builtin_captcha;
use crate::helpers::flows::{
    EMAIL, EVENTS, EXPORT, MANY_NETWORKS, ME, NOT_ME, PASSWORD, SESSION, SESSIONS, Tokens,
    USERNAME, registration_of, token_in,
};
use crate::helpers::response::Response;
use crate::helpers::server::{in_repository, is_spin};
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};
use crate::helpers::token::{legacy_claims, signed};
use crate::helpers::trace::Call;
use crate::{legacy, metrics, transfer};

/// Statements that may scan a whole table, and why.
const MAY_SCAN: [(&str, &str); 5] = [
    (
        "SELECT id, username, email, hashed_password FROM users LIMIT 1",
        "reads one row",
    ),
    (
        "DELETE FROM known_networks WHERE user_id = ?1 AND network NOT IN (SELECT network \
         FROM known_networks WHERE user_id = ?1 ORDER BY seen_at DESC LIMIT ?2)",
        "sorts the networks of one user, at most forty",
    ),
    (
        "SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 1000)",
        "reads at most a thousand rows of an index",
    ),
    (
        "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions WHERE expires_at > ?1), \
         count(*) FILTER (WHERE due_at < ?2), coalesce(max(?1 - queued_at) FILTER (WHERE due_at < ?2), 0), \
         count(*) FILTER (WHERE due_at = ?2) FROM outbox",
        "counts for the metrics, only when they are scraped with their token; docs/operating.md has its time",
    ),
    (
        "SELECT name, label, value FROM counters",
        "reads some forty rows",
    ),
];

/// Steps in the plan of a statement that reads more than necessary.
const SLOW: [&str; 3] = ["SCAN", "TEMP B-TREE", "AUTOMATIC"];

/// Steps that read no table: conditions, or the result of an inner step.
const READS_NO_TABLE: [&str; 7] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN pragma_",
    "SCAN json_each",
    // Lists of administrators, which first read a thousand rows by an index.
    "SCAN candidates",
    "SCAN c ",
    "SCAN w",
];

/// The beginning of those lists. They may sort what they have read.
const WINDOW: &str = "WITH candidates AS MATERIALIZED ";

/// The beginning and the end of an instance's first read (`src/db/first_read.rs`).
const FIRST_READ: (&str, &str) = (
    "SELECT user_version, found.* FROM pragma_user_version LEFT JOIN (SELECT 1, * FROM (",
    ")) AS found ON true",
);

/// The beginnings of statements that read or change rows.
const VERBS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];

#[tokio::test]
async fn every_statement_uses_an_index() {
    if is_spin() {
        return;
    }
    let (mut app, migrating) = spawn_with_legacy_database().await;
    execute_everything(&app).await;
    let mut executed = executed(&app);
    executed.extend(waive_a_verification(&mut app).await);
    for statement in statements_of_the_source() {
        let of_it = |sql: &&String| sql.starts_with(&statement);
        executed.extend(migrating.iter().filter(of_it).cloned());
        assert!(
            executed.iter().any(|sql| of_it(&sql)),
            "never executed: {statement}"
        );
    }
    let database = app.database();
    for sql in &executed {
        let plan = plan(&database, sql);
        let is_slow = |step: &String| {
            let whole = format!("{step} ");
            let reads_no_table = READS_NO_TABLE
                .iter()
                .any(|begins| whole.starts_with(begins));
            let sorts_a_window = sql.starts_with(WINDOW) && step.contains("TEMP B-TREE");
            !reads_no_table && !sorts_a_window && SLOW.iter().any(|slow| step.contains(slow))
        };
        let may_scan = MAY_SCAN.iter().any(|(statement, _)| statement == sql);
        assert_eq!(plan.iter().any(is_slow), may_scan, "{sql}\n{plan:#?}");
    }
}

/// Starts a service that has migrated the legacy database. Also returns the statements of the
/// migration, which may scan whole tables.
async fn spawn_with_legacy_database() -> (App, BTreeSet<String>) {
    let setup = builtin_captcha().without("throttle").traced();
    let setup = setup.with("email_verification", "required");
    let setup = setup.with("admin_api_key", ADMIN_API_KEY);
    let setup = setup.with("metrics_token", metrics::TOKEN);
    let database = rusqlite::Connection::open(setup.database_path());
    let database = database.expect("a database");
    database
        .execute_batch(legacy::DATABASE)
        .expect("the legacy schema");
    let update = "UPDATE users SET email = 'Tom@Example.com'";
    let updated = database.execute(update, []);
    updated.expect("an updated user");
    let mut app = setup.spawn().await;
    app.get("/health/ready").await.assert_status(200);
    let migrating = executed(&app);
    app.restart().await;
    let deleted = app.database().execute("DELETE FROM warnings", []);
    deleted.expect("a valid statement");
    app.change("INSERT INTO used_challenges VALUES ('long past', 0)");
    app.change("INSERT INTO throttle VALUES ('long past', 0)");
    app.change("INSERT INTO password_guesses VALUES ('long past', 0, 1, 0)");
    app.change(&format!(
        "INSERT INTO email_verifications (id, user_id, email, is_change, created_at)
         VALUES ('long past', '{}', 'tom@example.org', 1, 0)",
        legacy::USER
    ));
    app.change(&format!(
        "INSERT INTO sessions (id, user_id, counter, created_at, rotated_at, expires_at) \
         VALUES ('long past', '{}', 0, 0, 0, 0)",
        legacy::USER
    ));
    app.change(
        "INSERT INTO events (at, actor, action, user_id) VALUES (1, 'system', 'test.event', 'gone')",
    );
    app.change(
        "INSERT INTO users (id, username, email, hashed_password, account_role, account_subscription,
         deletes_at) VALUES ('00000000-0000-4000-8000-000000000001', 'leaving', 'leaving@example.com',
         '!', 'REGULAR', 'FREE', 1)",
    );
    app.change(
        "INSERT INTO users (id, username, email, hashed_password, account_role, account_subscription,
         disabled_at, disabled_until) VALUES ('00000000-0000-4000-8000-000000000002', 'banned',
         'banned@example.com', '!', 'REGULAR', 'FREE', 1, 1)",
    );
    app.change(&format!(
        "INSERT INTO outbox (id, kind, user_id, due_at) VALUES ('unreadable', '?', '{}', 0)",
        legacy::USER
    ));
    app.change(&format!(
        "INSERT INTO refresh_tokens (id, user_id, refresh_token, expires_at)
         VALUES ('long past', '{}', 'eyJ.past', '2020-01-01 00:00:00')",
        legacy::USER
    ));
    (app, migrating)
}

/// Makes the service execute each of its statements.
async fn execute_everything(app: &App) {
    app.get("/health/ready").await.assert_status(200);
    use_legacy_tokens(app).await;
    log_in_refresh_and_log_out(app).await;
    administrate(app).await;
    register(app).await;
    guess(app).await;
    use_own_account(app).await;
    verify_addresses(app).await;
    transfer(app).await;
    reset_the_password(app).await;
    app.scrape().await.assert_status(200);
    app.housekeeping_since(app.newest_instance()).await;
}

/// Imports a user with a hash, and another one whose username is taken, and exports them.
async fn transfer(app: &App) {
    let user = transfer::user(1);
    let report = transfer::import(app, &[user, json!({"email": "user1@example.org"})]).await;
    assert_eq!(report["imported"], 2);
    let exported = transfer::export(app, "?limit=1").await;
    exported.assert_status(200);
}

async fn use_legacy_tokens(app: &App) {
    let access_token = signed(&legacy_claims(legacy::USER));
    app.test_data(&access_token).await.assert_status(200);
    let session = app.request(Method::GET, SESSION).bearer_auth(&access_token);
    Response::to(session).await.assert_status(200);
    for _ in 0..2 {
        app.refresh("eyJ.alive.1").await.assert_status(200);
    }
    app.logout("eyJ.alive.2").await.assert_status(204);
}

async fn log_in_refresh_and_log_out(app: &App) {
    // Too many. An expired one would be enough, but work after an earlier request could delete it first.
    app.change(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 100) \
         INSERT INTO sessions (id, user_id, counter, created_at, rotated_at, expires_at) \
         SELECT n, id, 0, 0, 0, unixepoch() + 1000 FROM n, users WHERE username = 'Tom'",
    );
    app.login(USERNAME, PASSWORD).await.assert_status(200);
    let tokens = app.tokens_of_tom().await;
    app.test_data(&tokens.access).await.assert_status(200);
    for path in [ME, SESSION] {
        let request = app.request(Method::GET, path).bearer_auth(&tokens.access);
        Response::to(request).await.assert_status(200);
    }
    app.refresh(&tokens.refresh).await.assert_status(200);
    app.change("UPDATE sessions SET rotated_at = rotated_at - 60");
    app.refresh(&tokens.refresh).await.assert_status(401);
    let tokens = app.tokens_of_tom().await;
    app.logout(&tokens.refresh).await.assert_status(204);
}

/// Lists users and events in every way, and does everything to Tom and to an invited user.
async fn administrate(app: &App) {
    let access_token = app.tokens_of_tom().await.access;
    app.get_as(USERS, &access_token).await.assert_status(200);
    for query in [
        "users",
        "users?role=ADMIN",
        "users?role=MODERATOR",
        "users?role=REGULAR",
        "users?status=active",
        "users?status=disabled",
        "users?status=deleting",
        "users?status=unverified",
        "users?query=t",
        "events",
        "events?action=session.created",
        "events?action=user.disabled",
        "events?user=00000000-0000-4000-8000-000000000000",
    ] {
        let path = format!("/api/v1/admin/{query}");
        app.get_as(&path, ADMIN_API_KEY).await.assert_status(200);
    }
    let invited = json!({"email": "invited@example.com"});
    let send =
        async |method, path: &str, body| app.send_as(method, path, ADMIN_API_KEY, &body).await;
    let eve = send(Method::POST, USERS, invited).await;
    let eve = user_path(&eve.assert_status(201).field("id"), "");
    let admin = json!({"account_role": "ADMIN"});
    send(Method::PATCH, &eve, admin).await.assert_status(200);
    let tom = |rest: &str| user_path(legacy::USER, rest);
    for (path, body) in [
        (tom("/disable"), json!({"reason": "Spam"})),
        (tom("/enable"), json!({})),
        (tom("/send-password-reset"), json!({})),
        (tom("/verify-email"), json!({})),
    ] {
        let response = send(Method::POST, &path, body).await;
        assert!(response.status < 300, "{response:?}");
    }
    let sessions = tom("/sessions");
    app.get_as(&sessions, ADMIN_API_KEY)
        .await
        .assert_status(200);
    app.delete_as(&sessions, ADMIN_API_KEY)
        .await
        .assert_status(204);
    // Eve would be the last administrator.
    app.change("UPDATE users SET account_role = 'ADMIN' WHERE username = 'Tom'");
    app.delete_as(&eve, ADMIN_API_KEY).await.assert_status(204);
    app.change("UPDATE users SET account_role = 'REGULAR' WHERE username = 'Tom'");
    app.all_mail_is_sent().await;
}

async fn register(app: &App) {
    for (username, email, status) in [
        ("Tom1", "tom1@example.com", 201),
        (USERNAME, "ann@example.com", 409),
        ("ann", "ann@example.com", 201),
    ] {
        let mut body = registration_of(email, username);
        body["captcha_answer"] = app.captcha_answer().await.into();
        app.register(&body).await.assert_status(status);
    }
}

/// Uses everything that users can do with their own accounts.
async fn use_own_account(app: &App) {
    app.change("UPDATE users SET deletes_at = 9999999999 WHERE username = 'Tom'");
    app.tokens_of_tom().await;
    app.change("UPDATE sessions SET created_at = created_at - 60");
    let tokens = app.tokens_of_tom().await;
    for path in [SESSIONS, EVENTS, EXPORT] {
        app.get_as(path, &tokens.access).await.assert_status(200);
    }
    let sessions = app.get_as(SESSIONS, &tokens.access).await.json();
    let oldest = sessions.as_array().and_then(|sessions| sessions.last());
    let oldest = oldest.expect("a session")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let oldest = format!("{SESSIONS}/{oldest}");
    app.delete_as(&oldest, &tokens.access)
        .await
        .assert_status(204);
    app.delete_as(SESSIONS, &tokens.access)
        .await
        .assert_status(204);
    app.rename(&tokens.access, "ann").await.assert_status(409);
    app.rename(&tokens.access, "Tommy").await.assert_status(200);
    let changed = app
        .change_password(&tokens.access, PASSWORD, PASSWORD)
        .await;
    changed.assert_status(200);
    app.change(
        "INSERT INTO users (id, username, email, hashed_password, account_role, \
         account_subscription) \
         SELECT '5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b12', 'leaving', 'leaving@example.com', \
         hashed_password, 'REGULAR', 'FREE' FROM users WHERE username = 'Tommy'",
    );
    let leaving = app.login("leaving", PASSWORD).await.field("access_token");
    app.delete_account(&leaving, PASSWORD)
        .await
        .assert_status(202);
    app.all_mail_is_sent().await;
}

/// Fails a login, then simulates so many failures that no further guess is checked.
async fn guess(app: &App) {
    app.login(USERNAME, "wrong password 1")
        .await
        .assert_status(401);
    app.change("UPDATE password_guesses SET in_a_row = 100");
    app.change("DELETE FROM known_networks");
    app.login(USERNAME, PASSWORD).await.assert_status(429);
    app.change("UPDATE password_guesses SET in_a_row = 1, forget_at = 0");
}

/// Verifies the address of a user and changes it, with every refusal. Another user never verifies.
async fn verify_addresses(app: &App) {
    for _ in 0..4 {
        app.login("Tom1", PASSWORD).await.assert_status(403);
    }
    app.all_mail_sent().await;
    let mail = app.mail_to("tom1@example.com", "Verify your email address");
    let token = token_in(&mail.await);
    let pending: String = app.value(
        "SELECT v.id FROM email_verifications v JOIN users u ON u.id = user_id \
         WHERE username = 'Tom1'",
    );
    app.verify_code(&pending, "none").await.assert_status(400);
    app.verify_email(&token).await.assert_status(200);
    app.change("UPDATE users SET created_at = '2020-01-01 00:00:00' WHERE username = 'ann'");
    let tokens = Tokens::of(&app.login("Tom1", PASSWORD).await);
    let new = "tom1@example.org";
    let response = app.change_email(&tokens.access, new, PASSWORD).await;
    response.assert_status(202);
    let token = token_in(&app.mail_to(new, "Confirm your new email address").await);
    app.verify_email(&token).await.assert_status(200);
    let is_deleted = async || {
        let ann = "SELECT count(*) FROM users WHERE username = 'ann'";
        (app.value::<i64>(ann) == 0).then_some(())
    };
    eventually("ann is deleted", SOON, is_deleted).await;
    app.all_mail_sent().await;
    app.mail_provider.clear();
}

/// Lets a user log in whose verification is no longer required. Returns the statements of it.
async fn waive_a_verification(app: &mut App) -> BTreeSet<String> {
    app.set("email_verification", "optional");
    app.restart().await;
    app.change("UPDATE users SET must_verify = 1 WHERE username = 'Tom1'");
    app.login("Tom1", PASSWORD).await.assert_status(200);
    executed(app)
}

/// Resets the password, then requests links beyond the limit while the provider fails.
async fn reset_the_password(app: &App) {
    app.change(MANY_NETWORKS);
    let token = app.next_reset_token(EMAIL).await;
    app.reset_password(&token, PASSWORD)
        .await
        .assert_status(200);
    for (action, old, new) in [
        ("email.changed", "old@example.com", EMAIL),
        ("username.changed", "old", USERNAME),
    ] {
        let notice = token_in(&app.mail(2).await);
        app.change(&format!(
            "UPDATE events SET action = '{action}', detail = '{}' WHERE action <> 'session.created'",
            json!({"old": old, "new": new})
        ));
        app.post(NOT_ME, &json!({"token": notice}))
            .await
            .assert_status(200);
    }
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    let restored = "old@example.com";
    app.forgot_password(restored).await.assert_status(202);
    // A newer link would delete the mail before it fails.
    let counts = |sql: &String| sql.starts_with("SELECT count(*) FROM (SELECT 1 FROM outbox");
    let is_put_off = async || executed(app).iter().any(counts).then_some(());
    eventually("the mail is put off", SOON, is_put_off).await;
    for _ in 0..3 {
        app.forgot_password(restored).await.assert_status(202);
    }
}

/// The distinct executed statements that read or change rows.
fn executed(app: &App) -> BTreeSet<String> {
    let calls = app.calls().into_iter();
    let statements = calls.filter_map(|call| match call {
        Call::Execute { sql, .. } => Some(sql),
        _ => None,
    });
    let mut executed: BTreeSet<_> = statements
        .filter(|sql| VERBS.iter().any(|verb| sql.starts_with(verb)))
        .collect();
    let first_reads: Vec<_> = executed
        .iter()
        .filter_map(|sql| in_first_read(sql))
        .collect();
    executed.extend(first_reads);
    executed
}

/// The statement that an instance's first read has within its own.
fn in_first_read(sql: &str) -> Option<String> {
    let inner = sql.strip_prefix(FIRST_READ.0)?.strip_suffix(FIRST_READ.1)?;
    Some(inner.to_owned())
}

/// The query plan of a statement, step by step.
fn plan(database: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let explained = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}"));
    let mut explained = explained.expect("a valid statement");
    let steps = explained.raw_query().mapped(|row| row.get("detail"));
    steps.map(|step| step.expect("a step")).collect()
}

/// The statements in the source code, up to their first variable part.
fn statements_of_the_source() -> Vec<String> {
    let mut files = files_in(&in_repository("src"));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let texts = files.iter().map(|path| {
        let text = fs::read_to_string(path).expect("a source file");
        let text = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        // A backslash at the end of a line skips the next line's indentation.
        let parts = text.split("\\\n").map(str::trim_start);
        parts.collect::<String>()
    });
    let mut statements = Vec::new();
    for text in texts {
        let literals = text.split('"').skip(1).step_by(2);
        let fixed = literals.map(|literal| literal.split('{').next().unwrap_or_default());
        let wanted = fixed.filter(|text| VERBS.iter().any(|verb| text.starts_with(verb)));
        statements.extend(wanted.map(str::to_owned));
    }
    assert!(statements.len() > 20, "{statements:#?}");
    statements
}

/// All files below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.flat_map(|path| {
        if path.is_dir() {
            files_in(&path)
        } else {
            vec![path]
        }
    });
    files.collect()
}
