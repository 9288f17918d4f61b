//! Secrets at rest: no file, no log line and no answer but the one that issues it holds one.

use std::fs;

use serde_json::json;

use crate::helpers::answer::Answer;
use crate::helpers::app::{App, EMAIL_API_KEY, SECRET_KEY, spawn_app_with};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, REGISTER, RESET_PASSWORD, registration};
use crate::helpers::stub::Reply;

const WRONG: &str = "wrong password 1";
const NEW_PASSWORD: &str = "battery staple 2";

/// A user's life: every answer in it, and every secret that came up.
#[derive(Default)]
struct Life {
    answers: Vec<Answer>,
    issued: Vec<String>,
    never_told: Vec<String>,
}

impl Life {
    /// An answer with tokens; returns the refresh token.
    fn take_tokens(&mut self, answer: Answer) -> String {
        let refresh_token = answer.field("refresh_token");
        self.issued
            .extend([answer.field("access_token"), refresh_token.clone()]);
        self.answers.push(answer);
        refresh_token
    }

    async fn of(app: &App) -> Self {
        let secrets = [
            PASSWORD,
            WRONG,
            NEW_PASSWORD,
            SECRET_KEY,
            EMAIL_API_KEY,
            "7XK2P",
        ];
        let mut life = Self {
            never_told: secrets.map(str::to_owned).into(),
            ..Self::default()
        };
        life.answers.push(app.register(&registration()).await);
        let first = life.take_tokens(app.login(EMAIL, PASSWORD).await);
        let second = life.take_tokens(app.refresh(&first).await);
        life.answers.push(app.login(EMAIL, WRONG).await);
        app.change("UPDATE sessions SET rotated_at = rotated_at - 11");
        life.answers.push(app.refresh(&first).await);
        life.answers.push(app.logout(&second).await);
        let used = app.next_reset_token(EMAIL).await;
        life.answers
            .push(app.reset_password(&used, NEW_PASSWORD).await);
        life.answers
            .push(app.reset_password(&used, NEW_PASSWORD).await);
        app.mail_provider.reply_with(Reply::Text(500, "oops"));
        let pending = app.next_reset_token(EMAIL).await;
        life.never_told.extend([used, pending]);
        life.have_accidents(app).await;
        life
    }

    /// Requests that are wrong, each with secrets in it.
    async fn have_accidents(&mut self, app: &App) {
        let in_the_path = format!("{RESET_PASSWORD}?token={}", self.never_told[6]);
        self.answers.push(app.get(&in_the_path).await);
        self.answers
            .push(app.post(REGISTER, &json!({"password": PASSWORD})).await);
        self.answers
            .push(app.post(LOGIN, &json!({"password": PASSWORD})).await);
        self.answers
            .push(app.post(RESET_PASSWORD, &json!([PASSWORD, WRONG])).await);
        app.captcha.reply_with(Reply::Text(500, "oops"));
        self.answers.push(app.register(&registration()).await);
        app.database()
            .execute_batch("DROP TABLE sessions")
            .expect("a dropped table");
        self.answers.push(app.login(EMAIL, NEW_PASSWORD).await);
    }
}

/// The database with its journal and whatever else lies beside it, and what they hold.
fn files(app: &App) -> Vec<(String, String)> {
    let directory = app.database_path();
    let directory = directory
        .parent()
        .expect("the database lies in a directory");
    let entries = fs::read_dir(directory).expect("the directory can be read");
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
async fn no_file_no_log_and_no_other_answer_holds_a_secret() {
    let app = spawn_app_with("throttle", "on").await;
    app.get("/health/ready").await.assert_status(200);
    // The journal lies beside the database for as long as somebody has it open.
    let reader = app.database();
    let count = reader.query_row("SELECT count(*) FROM users", [], |row| row.get(0));
    assert_eq!(count, Ok(0));
    let life = Life::of(&app).await;
    let files = files(&app);
    for expected in ["sqlite_db.db", "sqlite_db.db-wal", "output.log"] {
        assert!(
            files.iter().any(|(name, _)| name.ends_with(expected)),
            "{expected}"
        );
    }
    for secret in life.issued.iter().chain(&life.never_told) {
        for (name, content) in &files {
            assert!(!content.contains(secret), "{name} holds {secret}");
        }
    }
    let tellers = |secret: &String| {
        let told = |answer: &&Answer| format!("{answer:?}").contains(secret);
        life.answers.iter().filter(told).count()
    };
    for secret in &life.issued {
        assert_eq!(tellers(secret), 1, "{secret}");
    }
    for secret in &life.never_told {
        assert_eq!(tellers(secret), 0, "{secret}");
    }
}
