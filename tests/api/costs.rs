//! The cost of each request, in units that do not vary between machines. Lower a limit when its cost
//! drops; raising one needs a reason.

use std::fmt;
use std::ops::Add;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::helpers::app::{App, Setup};
use crate::helpers::cookies::{Cookies, OWN_PAGE, with_headers};
use crate::helpers::flows::{
    CHANGE_EMAIL, CHANGE_PASSWORD, EMAIL, EVENTS, FORGOT_PASSWORD, LOGIN, LOGOUT, ME, PASSWORD,
    REFRESH, REGISTER, RESEND_VERIFICATION, RESET_PASSWORD, SESSION, SESSIONS, TEST_DATA, USERNAME,
    VERIFY_EMAIL, code_in, registration_of, token_in,
};
use crate::helpers::server::{is_spin, is_wasi2};
use crate::helpers::stub::Received;
use crate::helpers::time::{SOON, eventually};
use crate::helpers::trace::{Call, instructions_of, memory_after};

/// The maximum number of attempts to measure a request without a disturbance.
const MAX_ATTEMPTS: usize = 20;
/// How often a request beyond its limit is measured.
const MAX_MEASUREMENTS: usize = 4;
/// The limit for an instance's linear memory after a registration, in bytes; the hash takes 7 MiB.
const IDLE_MEMORY: u64 = 16 * 1024 * 1024;
/// Resets the database to the state before each request, in which only Tom is registered.
const CLEAR: &str = "DELETE FROM users WHERE lower(username) <> 'tom';
                     DELETE FROM sessions; DELETE FROM throttle;
                     DELETE FROM password_reset_tokens; DELETE FROM email_verifications;
                     DELETE FROM outbox";

/// The cost of one request, including the mail that it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cost {
    /// Executed statements.
    statements: u64,
    /// Reads of database pages, cached or not.
    read: u64,
    /// Writes of database pages.
    written: u64,
    /// Outbound requests.
    sent: u64,
    /// Thousands of WebAssembly instructions, rounded up.
    instructions: u64,
}

const fn cost(statements: u64, read: u64, written: u64, sent: u64, instructions: u64) -> Cost {
    Cost {
        statements,
        read,
        written,
        sent,
        instructions,
    }
}

/// The limits of a request to a warm instance: statements, pages read, pages written, requests sent,
/// thousands of instructions. They equal the measured costs, except that instructions, which vary
/// between runs and compilers, have 10 % of headroom (1 % for requests that hash). Hashes have the tests' cheap parameters. An instance
/// compiles templates for its first mail only, and converts the API's description to YAML once. Each change of durability is a statement, and whether a
/// request makes one depends on the last write of its instance.
const COSTS: [(&str, Cost); 40] = [
    ("GET /", cost(0, 0, 0, 0, 100)),
    ("GET /health/live", cost(0, 0, 0, 0, 102)),
    ("GET /health/ready", cost(1, 2, 0, 0, 112)),
    ("GET /openapi.json", cost(0, 0, 0, 0, 275)),
    ("GET /docs", cost(0, 0, 0, 0, 340)),
    ("GET /docs.yaml", cost(0, 0, 0, 0, 63_000)),
    ("register", cost(19, 72, 29, 2, 154_000)),
    ("register: address taken", cost(3, 5, 2, 1, 300)),
    ("register: name taken", cost(4, 9, 2, 1, 310)),
    ("register: not valid", cost(1, 3, 2, 0, 172)),
    ("login", cost(10, 46, 15, 0, 150_000)),
    ("login: into cookies", cost(7, 30, 11, 0, 150_000)),
    ("login: wrong password", cost(5, 13, 4, 0, 150_000)),
    ("login: no such user", cost(6, 15, 6, 0, 150_000)),
    ("test-data", cost(1, 4, 0, 0, 292)),
    ("test-data: by cookie", cost(1, 4, 0, 0, 320)),
    ("session", cost(1, 6, 0, 0, 320)),
    ("test-data: no token", cost(0, 0, 0, 0, 108)),
    ("me", cost(2, 7, 0, 0, 320)),
    ("sessions", cost(2, 7, 0, 0, 320)),
    ("events", cost(2, 7, 0, 0, 450)),
    ("rename", cost(17, 61, 22, 1, 4450)),
    ("change-password", cost(24, 78, 29, 1, 302_000)),
    ("refresh", cost(2, 9, 3, 0, 375)),
    ("refresh: by cookie", cost(2, 9, 3, 0, 420)),
    ("refresh: retried", cost(3, 9, 2, 0, 380)),
    ("refresh: reused", cost(8, 20, 8, 0, 275)),
    ("refresh: no token", cost(2, 3, 2, 0, 166)),
    ("logout", cost(3, 6, 4, 0, 194)),
    ("logout: by cookie", cost(3, 6, 4, 0, 265)),
    ("forgot-password", cost(16, 67, 22, 1, 4450)),
    ("forgot-password: no such user", cost(10, 25, 4, 0, 265)),
    ("reset-password", cost(22, 73, 24, 1, 153_000)),
    ("reset-password: no token", cost(1, 3, 2, 0, 201)),
    ("verify-email", cost(8, 24, 11, 0, 265)),
    ("verify-email: by code", cost(9, 29, 12, 0, 282)),
    ("verify-email: no token", cost(3, 3, 2, 0, 215)),
    ("resend-verification", cost(17, 61, 21, 1, 4450)),
    ("resend-verification: no such user", cost(10, 25, 4, 0, 228)),
    ("change-email", cost(21, 77, 25, 1, 154_000)),
];

/// The requests that send a mail.
const SENDS_MAIL: [&str; 7] = [
    "register",
    "forgot-password",
    "reset-password",
    "resend-verification",
    "change-email",
    "rename",
    "change-password",
];
/// Those that work like them, without a mail.
const LOOKS_FOR_MAIL: [&str; 2] = [
    "forgot-password: no such user",
    "resend-verification: no such user",
];

/// What a request of the build for WASI 0.2 costs beyond these limits: its instance starts, makes sure
/// that the database is up to date, makes it overwrite what it deletes, and looks for housekeeping work. With 10 % of headroom, too.
const START: Cost = cost(5, 21, 0, 0, 700);

#[tokio::test]
async fn every_request_stays_within_its_limits() {
    if is_spin() {
        return;
    }
    // The costs include throttling.
    let setup = Setup::new().without("throttle");
    let app = setup.without("email_verification").traced().spawn().await;
    app.register_tom().await;
    app.delivery_since(0).await;
    let mut exceeded = Vec::new();
    println!("{:<32}{}", "", Cost::HEAD);
    for (name, warm) in COSTS {
        let limit = if is_wasi2() { warm + START } else { warm };
        let cost = measure_until_within(limit, &app, name).await;
        println!("{name:<32}{cost}");
        if !cost.is_within(limit) {
            exceeded.push(format!("{name:<32}{cost}\n{:<32}{limit}", "  limit"));
        }
    }
    assert!(
        exceeded.is_empty(),
        "{:<32}{}\n{}",
        "",
        Cost::HEAD,
        exceeded.join("\n")
    );
}

/// Statements of a request to a warm instance where each is a round trip to a libSQL server.
const ROUND_TRIPS: [(&str, u64); 8] = [
    ("test-data", 1),
    ("test-data: by cookie", 1),
    ("session", 1),
    ("refresh", 2),
    ("refresh: by cookie", 2),
    ("logout", 2),
    ("login", 6),
    ("login: into cookies", 6),
];

/// With WASI 0.2, an instance starts for each request. Before its first write it asks for the version of the
/// schema, and whether the server leaves durability to it. After the response to a request that wrote, it
/// looks for due work, and claims a warning about an unsafe setting. A read brings the version with it.
const ROUND_TRIPS_OF_A_START: u64 = 4;

#[tokio::test]
async fn a_request_takes_few_round_trips_to_a_libsql_server() {
    if is_spin() {
        return;
    }
    let app = Setup::new().without("throttle").with_libsql().traced();
    let app = app.spawn().await;
    app.register_tom().await;
    for (name, limit) in ROUND_TRIPS {
        // From the second login on, Tom's network is known.
        app.tokens_of_tom().await;
        let writes = limit > 1;
        let start = if is_wasi2() && writes {
            ROUND_TRIPS_OF_A_START
        } else {
            0
        };
        let statements = measure(&app, name).await.statements;
        assert!(statements <= limit + start, "{name}: {statements}");
    }
}

#[tokio::test]
async fn a_new_instance_reads_each_setting_once_and_opens_one_connection() {
    if is_spin() {
        return;
    }
    let mut app = Setup::new().traced().spawn().await;
    app.get("/health/ready").await.assert_status(200);
    app.restart().await;
    app.get("/health/ready").await.assert_status(200);
    app.housekeeping_since(app.newest_instance()).await;
    let calls = app.calls();
    let count = |wanted: fn(&Call) -> bool| calls.iter().filter(|call| wanted(call)).count();
    let mut settings: Vec<_> = calls
        .iter()
        .filter_map(|call| match call {
            Call::GetVariable { name } => Some(name),
            _ => None,
        })
        .collect();
    let read = settings.len();
    settings.sort();
    settings.dedup();
    assert_eq!(settings.len(), read, "a setting was read twice: {calls:#?}");
    assert_eq!(count(|call| *call == Call::OpenDatabase), 1, "{calls:#?}");
}

#[tokio::test]
async fn an_idle_instance_has_little_memory_and_frees_it() {
    if is_spin() {
        return;
    }
    let app = Setup::new().traced().spawn().await;
    app.register_tom().await;
    let (_, calls) = app.measure(app.request(Method::GET, "/")).await;
    let memory = memory_after(&calls);
    assert!((1..IDLE_MEMORY).contains(&memory), "{memory}");
    let ended = async || (app.open_instances() == 0).then_some(());
    eventually("the instance ends", SOON, ended).await;
}

/// Measures a request until it is within its limit, because the instance may still have to build the router of the
/// route or to open a connection.
async fn measure_until_within(limit: Cost, app: &App, name: &str) -> Cost {
    let mut cost = measure(app, name).await;
    for _ in 1..MAX_MEASUREMENTS {
        if cost.is_within(limit) {
            break;
        }
        cost = measure(app, name).await;
    }
    cost
}

/// Measures a request to an otherwise idle instance.
async fn measure(app: &App, name: &str) -> Cost {
    for _ in 0..MAX_ATTEMPTS {
        let database = app.database();
        database.execute_batch(CLEAR).expect("the schema");
        let request = prepare(app, name).await;
        app.get("/health/ready").await.assert_status(200);
        app.housekeeping_since(app.newest_instance()).await;
        let number = app.calls().len();
        request.send().await.expect("a response");
        let sends_mail = SENDS_MAIL.contains(&name);
        let has_housekeeping = sends_mail || LOOKS_FOR_MAIL.contains(&name);
        if sends_mail {
            app.delivery_since(number).await;
        } else if has_housekeeping {
            app.housekeeping_since(number).await;
        }
        let calls = app.whole_request_since(number).await;
        // The request may have reached a new instance, or one with pending housekeeping.
        let is_disturbed = calls.iter().any(starts_an_instance)
            || !has_housekeeping && calls.iter().any(Call::begins_housekeeping);
        if is_wasi2() || !is_disturbed {
            return Cost::of(&calls);
        }
        // Begin again with one instance: of two, the probe may reach the older one only.
        let ended = async || (app.open_instances() == 0).then_some(());
        eventually("all instances end", SOON, ended).await;
    }
    panic!("{name}: disturbed {MAX_ATTEMPTS} times");
}

fn starts_an_instance(call: &Call) -> bool {
    matches!(
        call,
        Call::Instantiate | Call::GetVariable { .. } | Call::OpenDatabase
    )
}

/// Creates the data that the request needs, and builds it.
async fn prepare(app: &App, name: &str) -> RequestBuilder {
    let get = |path: &str| app.request(Method::GET, path);
    let post = |path: &str, body: Value| app.request(Method::POST, path).json(&body);
    let refresh_with = |token: &str| post(REFRESH, json!({"refresh_token": token}));
    let log_in = |username: &str, password: &str| {
        let form = [("username", username), ("password", password)];
        app.request(Method::POST, LOGIN).form(&form)
    };
    let with_cookies = |path: &str, cookies: &Cookies| {
        let request = app.request(Method::POST, path);
        with_headers(request.header("cookie", cookies.header()), &OWN_PAGE)
    };
    match name {
        "register" => post(REGISTER, registration_of("ann@example.com", "ann")),
        "register: address taken" => post(REGISTER, registration_of(EMAIL, "ann")),
        "register: name taken" => post(REGISTER, registration_of("ann@example.com", USERNAME)),
        "register: not valid" => post(REGISTER, json!({})),
        "login: into cookies" => app.login_into_cookies(&OWN_PAGE),
        "login" => log_in(EMAIL, PASSWORD),
        "login: wrong password" => log_in(EMAIL, "wrong password 1"),
        "login: no such user" => log_in("ann@example.com", PASSWORD),
        "test-data" => get(TEST_DATA).bearer_auth(app.tokens_of_tom().await.access),
        "test-data: by cookie" => {
            let cookies = app.cookies_of_tom().await;
            get(TEST_DATA).header("cookie", cookies.header())
        }
        "session" => get(SESSION).bearer_auth(app.tokens_of_tom().await.access),
        "test-data: no token" => get(TEST_DATA),
        "refresh" => refresh_with(&app.tokens_of_tom().await.refresh),
        "refresh: by cookie" => with_cookies(REFRESH, &app.cookies_of_tom().await),
        "refresh: retried" => {
            let used = app.tokens_of_tom().await.refresh;
            app.refresh(&used).await.assert_status(200);
            refresh_with(&used)
        }
        "refresh: reused" => {
            let used = app.tokens_of_tom().await.refresh;
            app.refresh(&used).await.assert_status(200);
            app.change("UPDATE sessions SET rotated_at = rotated_at - 60");
            refresh_with(&used)
        }
        "refresh: no token" => refresh_with("none"),
        "logout" => post(
            LOGOUT,
            json!({"refresh_token": app.tokens_of_tom().await.refresh}),
        ),
        "me" => get(ME).bearer_auth(app.tokens_of_tom().await.access),
        "sessions" => get(SESSIONS).bearer_auth(app.tokens_of_tom().await.access),
        "events" => get(EVENTS).bearer_auth(app.tokens_of_tom().await.access),
        "rename" => {
            let tokens = app.tokens_of_tom().await;
            let name = if app.count("users WHERE username = 'Tom'") == 1 {
                "TOM"
            } else {
                "Tom"
            };
            let request = app.request(Method::PATCH, ME).bearer_auth(tokens.access);
            request.json(&json!({"username": name}))
        }
        "change-password" => {
            let tokens = app.tokens_of_tom().await;
            let body = json!({"current_password": PASSWORD, "new_password": PASSWORD});
            post(CHANGE_PASSWORD, body).bearer_auth(tokens.access)
        }
        "logout: by cookie" => with_cookies(LOGOUT, &app.cookies_of_tom().await),
        "forgot-password" => post(FORGOT_PASSWORD, json!({"email": EMAIL})),
        "forgot-password: no such user" => {
            post(FORGOT_PASSWORD, json!({"email": "ann@example.com"}))
        }
        "reset-password" => {
            let token = app.next_reset_token(EMAIL).await;
            post(
                RESET_PASSWORD,
                json!({"token": token, "new_password": PASSWORD}),
            )
        }
        "reset-password: no token" => post(
            RESET_PASSWORD,
            json!({"token": "none", "new_password": PASSWORD}),
        ),
        "verify-email" => {
            let (_, mail) = pending_verification(app).await;
            post(VERIFY_EMAIL, json!({"token": token_in(&mail)}))
        }
        "verify-email: by code" => {
            let (id, mail) = pending_verification(app).await;
            let body = json!({"verification_id": id, "code": code_in(&mail)});
            post(VERIFY_EMAIL, body)
        }
        "verify-email: no token" => post(VERIFY_EMAIL, json!({"token": "none"})),
        "resend-verification" => {
            app.change(UNVERIFY);
            post(RESEND_VERIFICATION, json!({"email": EMAIL}))
        }
        "resend-verification: no such user" => {
            post(RESEND_VERIFICATION, json!({"email": "ann@example.com"}))
        }
        "change-email" => {
            let body = json!({"new_email": "tom@example.org", "current_password": PASSWORD});
            post(CHANGE_EMAIL, body).bearer_auth(app.tokens_of_tom().await.access)
        }
        path => get(path
            .strip_prefix("GET ")
            .expect("the name of a request in `COSTS`")),
    }
}

const UNVERIFY: &str = "UPDATE users SET email_verified_at = NULL";

/// Lets Tom verify his address again. Returns the verification and its mail.
async fn pending_verification(app: &App) -> (String, Received) {
    app.change(UNVERIFY);
    app.mail_provider.clear();
    let response = app.resend_verification(EMAIL).await;
    let mail = app.mail_to(EMAIL, "Verify your email address").await;
    app.all_mail_sent().await;
    (response.field("verification_id"), mail)
}

impl Cost {
    const HEAD: &str = "statements    read written    sent instructions/1000";

    /// The cost of the calls from one request to the next.
    fn of(calls: &[Call]) -> Self {
        let mut cost = Self::default();
        for call in calls {
            match call {
                Call::Execute { read, written, .. } => {
                    cost.statements += 1;
                    cost.read += read;
                    cost.written += written;
                }
                Call::SendRequest => cost.sent += 1,
                Call::Handle { .. } | Call::Retire { .. } | Call::GrowMemory { .. } => {}
                Call::GetVariable { .. } | Call::OpenDatabase if is_wasi2() => {}
                Call::Instantiate | Call::GetVariable { .. } | Call::OpenDatabase | Call::End => {
                    panic!("unexpected call of a warm instance: {call:?}")
                }
            }
        }
        cost.instructions = instructions_of(calls).div_ceil(1000);
        cost
    }

    fn is_within(self, limit: Self) -> bool {
        self.statements <= limit.statements
            && self.read <= limit.read
            && self.written <= limit.written
            && self.sent <= limit.sent
            && self.instructions <= limit.instructions
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            statements: self.statements + other.statements,
            read: self.read + other.read,
            written: self.written + other.written,
            sent: self.sent + other.sent,
            instructions: self.instructions + other.instructions,
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            statements,
            read,
            written,
            sent,
            instructions,
        } = self;
        write!(
            f,
            "{statements:>10}{read:>8}{written:>8}{sent:>8}{instructions:>18}"
        )
    }
}
