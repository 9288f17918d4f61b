//! An app per test: its own server, database, captcha service and mail provider.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::answer::Answer;
use super::server::{Server, listen_address};
use super::stub::{Reply, Stub};

/// Signs the tokens of every app that is not told otherwise.
pub(crate) const SECRET_KEY: &str = "a secret key of the tests, 40 bytes long";
/// The key that the mail provider knows us by.
pub(crate) const EMAIL_API_KEY: &str = "re_key_of_the_tests";
/// No answer of the service takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A running service with all its neighbours.
pub(crate) struct App {
    pub(crate) captcha: Stub,
    pub(crate) mail_provider: Stub,
    pub(crate) server: Server,
    url: String,
    http: Client,
    setup: Setup,
}

/// What a service is started with.
pub(crate) struct Setup {
    variables: BTreeMap<&'static str, String>,
    directory: TempDir,
    host_flags: Vec<OsString>,
}

/// A service with the settings of the tests.
pub(crate) async fn spawn_app() -> App {
    Setup::new().spawn().await
}

/// A service with one setting of its own.
pub(crate) async fn spawn_app_with(variable: &'static str, value: &str) -> App {
    Setup::new().with(variable, value).spawn().await
}

impl Setup {
    /// The settings of the tests: cheap hashes, and mail for the stub.
    pub(crate) fn new() -> Self {
        let setup = Self {
            variables: BTreeMap::new(),
            directory: TempDir::new().expect("a directory can be made"),
            host_flags: Vec::new(),
        };
        setup
            .with("secret_key", SECRET_KEY)
            .with("argon2_memory_kib", "7168")
            .with("argon2_passes", "1")
            .with("captcha_provider", "service")
            .with("email_provider", "resend")
            .with("email_api_key", EMAIL_API_KEY)
            .with("throttle", "off")
    }

    /// Sets a variable.
    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.insert(variable, value.to_owned());
        self
    }

    /// Leaves a variable to its default.
    pub(crate) fn without(mut self, variable: &'static str) -> Self {
        self.variables.remove(variable);
        self
    }

    /// Has the host write down which calls the component makes; `spin` cannot.
    pub(crate) fn traced(mut self) -> Self {
        let path = self.trace_path().into_os_string();
        self.host_flags.extend(["--trace-calls".into(), path]);
        self
    }

    /// Keeps the database from a write-ahead log; `spin` cannot.
    pub(crate) fn without_wal(mut self) -> Self {
        self.host_flags.push("--no-wal".into());
        self
    }

    /// Where the service will find its database.
    pub(crate) fn database_path(&self) -> PathBuf {
        self.directory.path().join("sqlite_db.db")
    }

    fn trace_path(&self) -> PathBuf {
        self.directory.path().join("trace.jsonl")
    }

    /// The server alone, listening at `listen`, without anybody to talk to.
    pub(crate) fn spawn_server(&self, listen: &str) -> Server {
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        Server::start(self.directory.path(), listen, variables, &self.host_flags)
    }

    /// The service, once it serves. Hosts of neighbours that are not set are those of the stubs.
    pub(crate) async fn spawn(mut self) -> App {
        let captcha = Stub::start(Reply::Json(200, json!({"is_valid": true}))).await;
        let mail_provider = Stub::start(Reply::Json(200, json!({"id": "1"}))).await;
        for (variable, stub) in [
            ("captcha_service_host", &captcha),
            ("captcha_api_host", &captcha),
            ("email_api_host", &mail_provider),
        ] {
            let value = self.variables.entry(variable);
            value.or_insert_with(|| stub.url().to_owned());
        }
        let mut server = self.spawn_server(&listen_address());
        let http = Client::builder().timeout(ANSWER_LIMIT).build();
        App {
            captcha,
            mail_provider,
            url: server.address().await,
            server,
            http: http.expect("an HTTP client can be made"),
            setup: self,
        }
    }
}

impl App {
    /// A request to the service.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A POST of JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// A GET.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// The address that it serves at, as `host:port`.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Starts its server again, with the same settings, neighbours and database.
    pub(crate) async fn restart(&mut self) {
        // Ended before the next one begins: both write their trace to the same file.
        self.server.stop();
        self.server = self.setup.spawn_server(&listen_address());
        self.url = self.server.address().await;
    }

    /// Sets a variable from the next start on.
    pub(crate) fn set(&mut self, variable: &'static str, value: &str) {
        self.setup.variables.insert(variable, value.to_owned());
    }

    /// Where its database lies.
    pub(crate) fn database_path(&self) -> PathBuf {
        self.setup.database_path()
    }

    /// Where the host writes down the component's calls, if it is told to.
    pub(crate) fn trace_path(&self) -> PathBuf {
        self.setup.trace_path()
    }

    /// Its database, opened by somebody else.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        let path = self.database_path();
        rusqlite::Connection::open(path).expect("the database can be opened")
    }

    /// Changes rows behind the service's back; at least one has to be there.
    pub(crate) fn change(&self, statement: &str) {
        let changed = self.database().execute(statement, []);
        let changed = changed.expect("the statement runs");
        assert!(changed > 0, "no row for: {statement}");
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {table}"))
    }

    /// The one value that a query gives.
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, query: &str) -> T {
        let value = self.database().query_row(query, [], |row| row.get(0));
        value.unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}
