//! Leaks: only the response that issues a secret contains it; no file, log line or other response does.

use std::fs;

use serde_json::json;

use crate::helpers::app::{App, EMAIL_API_KEY, SECRET_KEY, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, LOGIN, PASSWORD, REGISTER, RESET_PASSWORD, WRONG, registration,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;

const NEW_PASSWORD: &str = "battery staple 2";

/// A user's life cycle: all responses and all secrets involved.
#[derive(Default)]
struct LifeCycle {
    responses: Vec<Response>,
    issued: Vec<String>,
    never_sent: Vec<String>,
}

impl LifeCycle {
    /// Records a response with tokens, and returns the refresh token.
    fn take_tokens(&mut self, response: Response) -> String {
        let refresh_token = response.field("refresh_token");
        self.issued
            .extend([response.field("access_token"), refresh_token.clone()]);
        self.responses.push(response);
        refresh_token
    }

    async fn run(app: &App) -> Self {
        let secrets = [
            PASSWORD,
            WRONG,
            NEW_PASSWORD,
            SECRET_KEY,
            EMAIL_API_KEY,
            "7XK2P",
        ];
        let mut life = Self {
            never_sent: secrets.map(str::to_owned).into(),
            ..Self::default()
        };
        life.responses.push(app.register(&registration()).await);
        let first = life.take_tokens(app.login(EMAIL, PASSWORD).await);
        let second = life.take_tokens(app.refresh(&first).await);
        life.responses.push(app.login(EMAIL, WRONG).await);
        app.change("UPDATE sessions SET rotated_at = rotated_at - 11");
        life.responses.push(app.refresh(&first).await);
        life.responses.push(app.logout(&second).await);
        let used = app.next_reset_token(EMAIL).await;
        life.responses
            .push(app.reset_password(&used, NEW_PASSWORD).await);
        life.responses
            .push(app.reset_password(&used, NEW_PASSWORD).await);
        app.mail_provider.reply_with(Reply::Text(500, "oops"));
        let pending = app.next_reset_token(EMAIL).await;
        life.never_sent.extend([used, pending]);
        life.cause_errors(app).await;
        life
    }

    /// Sends invalid requests that contain secrets.
    async fn cause_errors(&mut self, app: &App) {
        let in_query = format!("{RESET_PASSWORD}?token={}", self.never_sent[6]);
        self.responses.push(app.get(&in_query).await);
        self.responses
            .push(app.post(REGISTER, &json!({"password": PASSWORD})).await);
        self.responses
            .push(app.post(LOGIN, &json!({"password": PASSWORD})).await);
        self.responses
            .push(app.post(RESET_PASSWORD, &json!([PASSWORD, WRONG])).await);
        app.captcha.reply_with(Reply::Text(500, "oops"));
        self.responses.push(app.register(&registration()).await);
        app.database()
            .execute_batch("DROP TABLE sessions")
            .expect("a dropped table");
        self.responses.push(app.login(EMAIL, NEW_PASSWORD).await);
    }
}

/// The names and contents of the database, its journal, and all other files in its directory.
fn files(app: &App) -> Vec<(String, String)> {
    let directory = app.database_path();
    let directory = directory.parent().expect("the database's directory");
    let entries = fs::read_dir(directory).expect("a readable directory");
    let files = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let bytes = fs::read(&path).ok()?;
        Some((
            path.display().to_string(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ))
    });
    files.collect()
}

#[tokio::test]
async fn no_file_log_or_other_response_contains_a_secret() {
    let app = spawn_app_with("throttle", "on").await;
    app.get("/health/ready").await.assert_status(200);
    // The journal exists only while the database is open.
    let reader = app.database();
    let count = reader.query_row("SELECT count(*) FROM users", [], |row| row.get(0));
    assert_eq!(count, Ok(0));
    let life = LifeCycle::run(&app).await;
    let files = files(&app);
    for expected in ["sqlite_db.db", "sqlite_db.db-wal", "output.log"] {
        assert!(
            files.iter().any(|(name, _)| name.ends_with(expected)),
            "{expected}"
        );
    }
    for secret in life.issued.iter().chain(&life.never_sent) {
        for (name, content) in &files {
            assert!(!content.contains(secret), "{name} contains {secret}");
        }
    }
    let responses_with = |secret: &String| {
        let contains = |response: &&Response| format!("{response:?}").contains(secret);
        life.responses.iter().filter(contains).count()
    };
    for secret in &life.issued {
        assert_eq!(responses_with(secret), 1, "{secret}");
    }
    for secret in &life.never_sent {
        assert_eq!(responses_with(secret), 0, "{secret}");
    }
}
