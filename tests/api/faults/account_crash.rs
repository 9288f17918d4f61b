//! Kills in the middle of changes of accounts: each change is complete or absent, and an acknowledged one
//! is complete.

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use super::crash::{check_file, random_milliseconds};
use crate::helpers::app::{App, spawn_app_with};
use crate::helpers::flows::{NOT_ME, PASSWORD, SESSIONS, Tokens, registration_of, token_in};
use crate::helpers::response::Response;
use crate::helpers::tally::{Tally, expect, rounds};

const NEW_PASSWORD: &str = "battery staple 2";
/// Each change begins within this time, in milliseconds.
const MAX_DELAY: u64 = 40;
/// The server is killed within this time, in milliseconds: on two cores, about when half of them are done.
const MAX_LIFETIME: u64 = 80;

/// A request that changes an account.
#[derive(Debug, Clone, Copy)]
enum Change {
    EmailRequested,
    /// The verification of an address that replaces another.
    Email,
    /// The verification of the address of a registration.
    Verification,
    Password,
    Name,
    /// The end of all other sessions.
    Sessions,
    /// Not-me, after a change of the name.
    Disowning,
    Deletion,
}

const CHANGES: [Change; 8] = [
    Change::EmailRequested,
    Change::Email,
    Change::Verification,
    Change::Password,
    Change::Name,
    Change::Sessions,
    Change::Disowning,
    Change::Deletion,
];

/// A kind of mail, and its subject.
struct Mail(&'static str, &'static str);

const VERIFY: Mail = Mail("verify_email", "Verify your email address");
const CONFIRM: Mail = Mail("email_change", "Confirm your new email address");
const EMAIL_CHANGED: Mail = Mail("email_changed", "Your email address was changed");
const PASSWORD_CHANGED: Mail = Mail("password_changed", "Your Password Was Changed");
const NAME_CHANGED: Mail = Mail("username_changed", "Your Username Was Changed");
const RESET: Mail = Mail("password_reset", "Reset Your Password - Action Required");
const FAREWELL: Mail = Mail("account_deleted", "Your Account Was Deleted");

/// A user with two sessions, and a change.
struct Person {
    change: Change,
    id: String,
    name: String,
    new_name: String,
    email: String,
    new_email: String,
    tokens: Tokens,
    other: Tokens,
    /// The token of the mail that leads to the change, if there is one.
    link: String,
    /// The number of rows that name the user before the change.
    rows: i64,
    /// The status of the response, if it arrived before the kill.
    answer: Option<u16>,
}

/// The parts of a change, and whether each is there.
type Parts = Vec<(&'static str, bool)>;

impl Person {
    /// Registers a user, and does all that precedes the change.
    async fn prepare(app: &App, change: Change, round: usize) -> Self {
        let name = format!("{change:?}-{round}x");
        let email = format!("{name}@example.com").to_lowercase();
        let registered = app.register(&registration_of(&email, &name)).await;
        let mut person = Self {
            change,
            id: registered.assert_status(201).field("id"),
            tokens: Tokens::of(&app.login(&name, PASSWORD).await),
            other: Tokens::of(&app.login(&name, PASSWORD).await),
            new_name: format!("{name}-2"),
            new_email: format!("{name}@example.org").to_lowercase(),
            name,
            email,
            link: String::new(),
            rows: 0,
            answer: None,
        };
        person.link = person.find_link(app).await;
        person.rows = person.count_rows(app);
        person
    }

    /// The token of the mail that leads to the change.
    async fn find_link(&self, app: &App) -> String {
        let access = &self.tokens.access;
        let (email, Mail(_, subject)) = match self.change {
            Change::Verification => (&self.email, VERIFY),
            Change::Email => {
                let requested = app.change_email(access, &self.new_email, PASSWORD).await;
                requested.assert_status(202);
                (&self.new_email, CONFIRM)
            }
            Change::Disowning => {
                app.rename(access, &self.new_name).await.assert_status(200);
                (&self.email, NAME_CHANGED)
            }
            _ => return String::new(),
        };
        token_in(&app.mail_to(email, subject).await)
    }

    async fn request(&self, app: &App) -> Response {
        let access = &self.tokens.access;
        match self.change {
            Change::EmailRequested => app.change_email(access, &self.new_email, PASSWORD).await,
            Change::Email | Change::Verification => app.verify_email(&self.link).await,
            Change::Password => app.change_password(access, PASSWORD, NEW_PASSWORD).await,
            Change::Name => app.rename(access, &self.new_name).await,
            Change::Sessions => app.delete_as(SESSIONS, access).await,
            Change::Disowning => app.post(NOT_ME, &json!({"token": self.link})).await,
            Change::Deletion => app.delete_account(access, PASSWORD).await,
        }
    }

    /// All parts of the change. Logins and refreshes come last, because they change rows themselves.
    async fn parts(&self, app: &App) -> Parts {
        let email = &self.email;
        let mut parts = self.stored_parts(app);
        let shown = match self.change {
            Change::EmailRequested | Change::Verification => vec![],
            Change::Email => vec![
                (
                    "no login by the old address",
                    !logs_in(app, email, PASSWORD).await,
                ),
                (
                    "a login by the new one",
                    logs_in(app, &self.new_email, PASSWORD).await,
                ),
            ],
            Change::Password => vec![
                ("no old tokens", !refreshes(app, &self.tokens).await),
                ("no other session", !refreshes(app, &self.other).await),
                (
                    "no login with the old password",
                    !logs_in(app, email, PASSWORD).await,
                ),
                (
                    "a login with the new one",
                    logs_in(app, email, NEW_PASSWORD).await,
                ),
            ],
            Change::Name => vec![
                (
                    "no login by the old name",
                    !logs_in(app, &self.name, PASSWORD).await,
                ),
                (
                    "a login by the new one",
                    logs_in(app, &self.new_name, PASSWORD).await,
                ),
            ],
            Change::Sessions => vec![("no other session", !refreshes(app, &self.other).await)],
            Change::Disowning | Change::Deletion => vec![
                ("no session", !refreshes(app, &self.tokens).await),
                ("no other session", !refreshes(app, &self.other).await),
                ("no login", !logs_in(app, email, PASSWORD).await),
            ],
        };
        parts.extend(shown);
        parts
    }

    /// The parts that are rows, or mails that were sent already.
    fn stored_parts(&self, app: &App) -> Parts {
        let Self {
            email,
            name,
            new_name,
            new_email,
            ..
        } = self;
        match self.change {
            Change::EmailRequested => vec![
                (
                    "a verification",
                    self.has(app, "email_verifications", "is_change = 1"),
                ),
                ("its mail", self.has_mail(app, &CONFIRM, new_email)),
            ],
            Change::Email => vec![
                (
                    "the new address",
                    self.is(app, &format!("email = '{new_email}'")),
                ),
                (
                    "its verification",
                    self.is(app, "email_verified_at IS NOT NULL"),
                ),
                (
                    "nothing to verify",
                    !self.has(app, "email_verifications", "1"),
                ),
                ("an event", self.has_event(app, "email.changed")),
                ("a notice", self.has_mail(app, &EMAIL_CHANGED, email)),
            ],
            Change::Verification => vec![
                (
                    "a verified address",
                    self.is(app, "email_verified_at IS NOT NULL"),
                ),
                (
                    "nothing to verify",
                    !self.has(app, "email_verifications", "1"),
                ),
                ("an event", self.has_event(app, "email.verified")),
            ],
            Change::Password => vec![
                ("an event", self.has_event(app, "password.changed")),
                ("a notice", self.has_mail(app, &PASSWORD_CHANGED, email)),
                ("one session", self.count(app, "sessions", "1") == 1),
            ],
            Change::Name => vec![
                (
                    "the new name",
                    self.is(app, &format!("username = '{new_name}'")),
                ),
                ("an event", self.has_event(app, "username.changed")),
                ("a notice", self.has_mail(app, &NAME_CHANGED, email)),
            ],
            Change::Sessions => vec![
                ("an event", self.has_event(app, "session.revoked")),
                ("one session", self.count(app, "sessions", "1") == 1),
            ],
            Change::Disowning => vec![
                (
                    "the old name",
                    self.is(app, &format!("username = '{name}'")),
                ),
                ("no password", self.is(app, "hashed_password = 'void'")),
                (
                    "nothing to verify",
                    !self.has(app, "email_verifications", "1"),
                ),
                ("an event", self.has_event(app, "account.secured")),
                (
                    "a reset",
                    self.has(app, "password_reset_tokens", "is_used = 0"),
                ),
                ("its mail", self.has_mail(app, &RESET, email)),
            ],
            Change::Deletion => vec![
                ("no row", self.count_rows(app) == 0),
                ("not all rows", self.count_rows(app) < self.rows),
                ("a farewell", self.has_mail(app, &FAREWELL, email)),
            ],
        }
    }

    /// The rows of the user in a table with this condition.
    fn count(&self, app: &App, table: &str, condition: &str) -> i64 {
        let id = &self.id;
        app.count(&format!("{table} WHERE user_id = '{id}' AND {condition}"))
    }

    fn has(&self, app: &App, table: &str, condition: &str) -> bool {
        self.count(app, table, condition) > 0
    }

    fn has_event(&self, app: &App, action: &str) -> bool {
        self.has(app, "events", &format!("action = '{action}'"))
    }

    fn is(&self, app: &App, condition: &str) -> bool {
        let id = &self.id;
        app.count(&format!("users WHERE id = '{id}' AND {condition}")) == 1
    }

    /// Whether a mail is queued, or has been sent.
    fn has_mail(&self, app: &App, Mail(kind, subject): &Mail, email: &str) -> bool {
        let id = &self.id;
        let queued =
            format!("outbox WHERE kind = '{kind}' AND (user_id = '{id}' OR recipient = '{email}')");
        let is_wanted =
            |mail: serde_json::Value| mail["to"] == json!([email]) && mail["subject"] == *subject;
        // It leaves the queue after it was sent.
        app.count(&queued) > 0
            || app
                .mail_provider
                .received()
                .iter()
                .any(|mail| is_wanted(mail.json()))
    }

    /// The number of rows that name the user, but for mail, which is sent.
    fn count_rows(&self, app: &App) -> i64 {
        let tables: String = app.value(
            "SELECT group_concat('SELECT ' || columns || ' AS row FROM ' || name, ' UNION ALL ') \
             FROM (SELECT t.name, group_concat('coalesce(' || c.name || ', '''')', ' || ''|'' || ') AS columns \
             FROM sqlite_schema t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name <> 'outbox' GROUP BY t.name)",
        );
        let Self { id, name, .. } = self;
        app.count(&format!(
            "({tables}) WHERE row LIKE '%{id}%' OR row LIKE '%{name}%'"
        ))
    }

    /// The change is complete, or absent and not acknowledged.
    async fn check(&self, app: &App) -> Result<bool, String> {
        let parts = self.parts(app).await;
        let is_complete = parts.iter().all(|(_, is_there)| *is_there);
        let is_absent = parts.iter().all(|(_, is_there)| !is_there);
        let holds = match self.answer {
            None => is_complete || is_absent,
            Some(status) => is_complete && (200..300).contains(&status),
        };
        expect(holds, || {
            format!("{:?}, answer {:?}: {parts:?}", self.change, self.answer)
        })?;
        Ok(is_complete)
    }
}

async fn logs_in(app: &App, name: &str, password: &str) -> bool {
    app.login(name, password).await.status == 200
}

async fn refreshes(app: &App, tokens: &Tokens) -> bool {
    app.refresh(&tokens.refresh).await.status == 200
}

/// Requests all changes at about the same time, and kills the server at a random moment.
async fn kill_amid_changes(app: &App, people: &mut [Person]) {
    let requests = people.iter_mut().map(async |person| {
        sleep(random_milliseconds(MAX_DELAY)).await;
        person.answer = Some(person.request(app).await.status);
    });
    tokio::select! {
        _ = join_all(requests) => {}
        () = sleep(random_milliseconds(MAX_LIFETIME)) => {}
    }
    app.server.kill();
}

pub(crate) async fn kills_amid_changes(rounds: usize) -> Tally {
    let mut app = spawn_app_with("email_verification", "optional").await;
    let (mut acknowledged, mut complete) = (0, 0);
    let tally = Tally::of("kill -9 amid changes of accounts", rounds, async |round| {
        app.mail_provider.clear();
        let people = CHANGES.map(|change| Person::prepare(&app, change, round));
        let mut people = join_all(people).await;
        kill_amid_changes(&app, &mut people).await;
        app.restart().await;
        check_file(&app)?;
        for person in &people {
            acknowledged += usize::from(person.answer.is_some());
            complete += usize::from(person.check(&app).await?);
        }
        Ok(())
    })
    .await;
    let all = rounds * CHANGES.len();
    println!("of {all} changes, {acknowledged} were acknowledged and {complete} complete");
    tally
}

#[tokio::test]
async fn a_kill_leaves_every_change_of_an_account_complete_or_absent() {
    kills_amid_changes(rounds() / 2).await.assert_no_failures();
}
