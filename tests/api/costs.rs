//! What a request costs, counted in what does not vary by machine. A number may become smaller,
//! here too; one that becomes larger needs a reason.

use std::fmt;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, PASSWORD, REFRESH, REGISTER, RESET_PASSWORD, TEST_DATA,
    USERNAME, registration_of,
};
use crate::helpers::server::is_spin;
use crate::helpers::time::{SOON, eventually};
use crate::helpers::trace::{Call, memory_after};

/// How often a request is sent at most until its instance does nothing else meanwhile.
const TRIES: usize = 20;
/// The linear memory of an instance that has registered somebody, in bytes; the hash took 7 MiB.
const IDLE_MEMORY: u64 = 16 * 1024 * 1024;
/// Brings the database to what it is before every request: Tom, who has just registered.
const CLEAR: &str = "DELETE FROM users WHERE username <> 'Tom';
                     DELETE FROM sessions; DELETE FROM throttle;
                     DELETE FROM password_reset_tokens; DELETE FROM outbox";

/// What one request costs, with the mail that it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cost {
    /// Statements that are executed.
    statements: u64,
    /// Pages of the database that are looked for, in memory or not.
    read: u64,
    /// Pages of the database that are written.
    written: u64,
    /// Requests to somebody else.
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

/// Statements, pages read, pages written, requests sent, thousands of instructions: all of them
/// at most. That is what was counted, but for the instructions: they vary a little from run to run,
/// and compilers differ, so there is room for a tenth more (beside a hash for a hundredth). A hash
/// is the cheap one of the tests. The first mail of an instance compiles all templates, and what
/// sends no mail does not; a switch of durability counts as a statement, and whether there is one
/// depends on the last write of the instance.
const COSTS: [(&str, Cost); 23] = [
    ("GET /", cost(0, 0, 0, 0, 100)),
    ("GET /health/live", cost(0, 0, 0, 0, 102)),
    ("GET /health/ready", cost(1, 2, 0, 0, 112)),
    ("GET /openapi.json", cost(0, 0, 0, 0, 168)),
    ("GET /docs", cost(0, 0, 0, 0, 200)),
    ("register", cost(6, 12, 6, 1, 150_000)),
    ("register: address taken", cost(3, 5, 2, 1, 258)),
    ("register: name taken", cost(4, 9, 2, 1, 265)),
    ("register: not valid", cost(1, 3, 2, 0, 172)),
    ("login", cost(11, 33, 12, 0, 150_000)),
    ("login: wrong password", cost(5, 13, 4, 0, 150_000)),
    ("login: no such user", cost(6, 15, 6, 0, 150_000)),
    ("test-data", cost(1, 4, 0, 0, 292)),
    ("test-data: no token", cost(0, 0, 0, 0, 108)),
    ("refresh", cost(2, 9, 3, 0, 375)),
    ("refresh: retried", cost(3, 9, 2, 0, 380)),
    ("refresh: reused", cost(5, 12, 4, 0, 224)),
    ("refresh: no token", cost(2, 3, 2, 0, 166)),
    ("logout", cost(3, 6, 4, 0, 194)),
    ("forgot-password", cost(15, 59, 20, 1, 2540)),
    ("forgot-password: no such user", cost(10, 19, 4, 0, 260)),
    ("reset-password", cost(20, 58, 19, 1, 151_000)),
    ("reset-password: no token", cost(1, 3, 2, 0, 172)),
];

#[tokio::test]
async fn no_request_of_a_warm_instance_costs_more_than_it_may() {
    if is_spin() {
        return;
    }
    // Throttling is part of what a request costs.
    let app = Setup::new().without("throttle").traced().spawn().await;
    app.register_tom().await;
    let mut dearer = Vec::new();
    println!("{:<32}{}", "", Cost::HEAD);
    for (what, allowed) in COSTS {
        let cost = measure(&app, what).await;
        println!("{what:<32}{cost}");
        if !cost.is_within(allowed) {
            dearer.push(format!("{what:<32}{cost}\n{:<32}{allowed}", "  allowed"));
        }
    }
    assert!(
        dearer.is_empty(),
        "{:<32}{}\n{}",
        "",
        Cost::HEAD,
        dearer.join("\n")
    );
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
    assert_eq!(settings.len(), read, "a setting is read twice: {calls:#?}");
    assert_eq!(count(|call| *call == Call::OpenDatabase), 1, "{calls:#?}");
}

#[tokio::test]
async fn an_idle_instance_has_little_memory_and_gives_it_back() {
    if is_spin() {
        return;
    }
    let app = Setup::new().traced().spawn().await;
    app.register_tom().await;
    let (_, calls) = app.measure(|| app.request(Method::GET, "/")).await;
    let memory = memory_after(&calls);
    assert!((1..IDLE_MEMORY).contains(&memory), "{memory}");
    let ended = async || (app.open_instances() == 0).then_some(());
    eventually("its instance ends", SOON, ended).await;
}

/// Sends the request to an instance that has nothing else to do, and counts.
async fn measure(app: &App, what: &str) -> Cost {
    for _ in 0..TRIES {
        let database = app.database();
        database.execute_batch(CLEAR).expect("the tables are there");
        let request = prepare(app, what).await;
        app.get("/").await.assert_status(200);
        app.housekeeping_since(app.newest_instance()).await;
        let number = app.calls().len();
        request.send().await.expect("the request is answered");
        let sends_mail = matches!(what, "forgot-password" | "reset-password");
        let keeps_house = sends_mail || what == "forgot-password: no such user";
        if sends_mail {
            app.delivery_since(number).await;
        } else if keeps_house {
            app.housekeeping_since(number).await;
        }
        let Some(calls) = app.whole_request_since(number).await else {
            continue;
        };
        // It may have come to a new instance, or to one that only now keeps its house.
        let is_disturbed = calls.contains(&Call::OpenDatabase)
            || !keeps_house && calls.iter().any(Call::begins_housekeeping);
        if !is_disturbed {
            return Cost::of(&calls);
        }
    }
    panic!("{what}: disturbed {TRIES} times");
}

/// Everything up to the request itself.
async fn prepare(app: &App, what: &str) -> RequestBuilder {
    let get = |path: &str| app.request(Method::GET, path);
    let post = |path: &str, body: Value| app.request(Method::POST, path).json(&body);
    let refresh_with = |token: &str| post(REFRESH, json!({"refresh_token": token}));
    let log_in = |username: &str, password: &str| {
        let form = [("username", username), ("password", password)];
        app.request(Method::POST, LOGIN).form(&form)
    };
    match what {
        "register" => post(REGISTER, registration_of("ann@example.com", "ann")),
        "register: address taken" => post(REGISTER, registration_of(EMAIL, "ann")),
        "register: name taken" => post(REGISTER, registration_of("ann@example.com", USERNAME)),
        "register: not valid" => post(REGISTER, json!({})),
        "login" => log_in(EMAIL, PASSWORD),
        "login: wrong password" => log_in(EMAIL, "wrong password 1"),
        "login: no such user" => log_in("ann@example.com", PASSWORD),
        "test-data" => get(TEST_DATA).bearer_auth(app.tokens_of_tom().await.access),
        "test-data: no token" => get(TEST_DATA),
        "refresh" => refresh_with(&app.tokens_of_tom().await.refresh),
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
        path => get(path.strip_prefix("GET ").expect("a request of the table")),
    }
}

impl Cost {
    const HEAD: &str = "statements    read written    sent instructions/1000";

    /// The cost of what stands in the trace from one request to the next.
    fn of(calls: &[Call]) -> Self {
        let mut cost = Self::default();
        let mut instructions_left = Vec::new();
        for call in calls {
            match call {
                Call::Execute { read, written, .. } => {
                    cost.statements += 1;
                    cost.read += read;
                    cost.written += written;
                }
                Call::SendRequest => cost.sent += 1,
                Call::Handle {
                    instructions_left: left,
                    ..
                } => instructions_left.push(left),
                Call::GrowMemory { .. } => {}
                Call::Instantiate | Call::GetVariable { .. } | Call::OpenDatabase | Call::End => {
                    panic!("a warm instance does not: {call:?}")
                }
            }
        }
        let [before, after] = instructions_left[..] else {
            panic!("not the calls of one request: {calls:#?}");
        };
        cost.instructions = (before - after).div_ceil(1000);
        cost
    }

    fn is_within(self, allowed: Self) -> bool {
        self.statements <= allowed.statements
            && self.read <= allowed.read
            && self.written <= allowed.written
            && self.sent <= allowed.sent
            && self.instructions <= allowed.instructions
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
