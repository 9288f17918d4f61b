//! A service per test, with its own server, database, captcha stub and mail provider stub.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::response::Response;
use super::server::{LIBSQL_FLAGS, Server, is_libsql, listen_address, manifest_with_caller};
use super::stub::{Reply, Stub};

/// The default secret key.
pub(crate) const SECRET_KEY: &str = "a secret key of the tests, 40 bytes long";
/// The service's key for the mail provider's API.
pub(crate) const EMAIL_API_KEY: &str = "re_key_of_the_tests";
/// The timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A running service and the stubs that it depends on.
pub(crate) struct App {
    pub(crate) captcha: Stub,
    pub(crate) mail_provider: Stub,
    pub(crate) server: Server,
    url: String,
    http: Client,
    setup: Setup,
}

/// The configuration of a service.
pub(crate) struct Setup {
    variables: BTreeMap<&'static str, String>,
    directory: TempDir,
    host_flags: Vec<OsString>,
    /// Instead of the repository's.
    manifest: Option<PathBuf>,
}

/// Starts a service with the tests' default settings.
pub(crate) async fn spawn_app() -> App {
    Setup::new().spawn().await
}

/// Starts a service with one setting changed.
pub(crate) async fn spawn_app_with(variable: &'static str, value: &str) -> App {
    Setup::new().with(variable, value).spawn().await
}

impl Setup {
    /// The tests' default settings: cheap hashes, and mail to the stub.
    pub(crate) fn new() -> Self {
        let setup = Self {
            variables: BTreeMap::new(),
            directory: TempDir::new().expect("a temporary directory"),
            host_flags: Vec::new(),
            manifest: None,
        };
        let setup = if is_libsql() {
            setup.with_libsql()
        } else {
            setup
        };
        setup
            .with("secret_key", SECRET_KEY)
            .with("argon2_memory_kib", "7168")
            .with("argon2_passes", "1")
            .with("captcha_provider", "service")
            .with("email_provider", "resend")
            .with("email_api_key", EMAIL_API_KEY)
            .with("email_verification", "off")
            .with("throttle", "off")
    }

    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.insert(variable, value.to_owned());
        self
    }

    /// Resets a variable to the service's default.
    pub(crate) fn without(mut self, variable: &'static str) -> Self {
        self.variables.remove(variable);
        self
    }

    /// Traces host calls; not supported by `spin`.
    pub(crate) fn traced(mut self) -> Self {
        let path = self.trace_path().into_os_string();
        self.host_flags.extend(["--trace-calls".into(), path]);
        self
    }

    /// Behaves like Spin with a libSQL server; not supported by `spin`.
    pub(crate) fn with_libsql(mut self) -> Self {
        self.host_flags = LIBSQL_FLAGS.map(OsString::from).to_vec();
        self
    }

    /// Disables the write-ahead log; not supported by `spin`.
    pub(crate) fn without_wal(mut self) -> Self {
        self.host_flags.push("--no-wal".into());
        self
    }

    /// Puts a component of the same application at `/caller`. It passes requests on to the URI in their
    /// header `x-call`.
    pub(crate) fn with_caller(mut self) -> Self {
        let path = self.directory.path().join("spin.toml");
        fs::write(&path, manifest_with_caller()).expect("a writable manifest");
        self.manifest = Some(path);
        self
    }

    /// The path of the service's database.
    pub(crate) fn database_path(&self) -> PathBuf {
        self.directory.path().join("sqlite_db.db")
    }

    fn trace_path(&self) -> PathBuf {
        self.directory.path().join("trace.jsonl")
    }

    /// Starts the server alone, listening at `listen`, without stubs.
    pub(crate) fn spawn_server(&self, listen: &str) -> Server {
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let directory = self.directory.path();
        match &self.manifest {
            Some(path) => Server::start_from(path, directory, listen, variables, &self.host_flags),
            None => Server::start(directory, listen, variables, &self.host_flags),
        }
    }

    /// Starts the service and waits until it serves. The hosts of its dependencies default to stubs.
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
        let http = Client::builder().timeout(REQUEST_TIMEOUT).build();
        App {
            captcha,
            mail_provider,
            url: server.address().await,
            server,
            http: http.expect("an HTTP client"),
            setup: self,
        }
    }
}

impl App {
    /// Builds a request to the service.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        Response::to(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        Response::to(self.request(Method::GET, path)).await
    }

    /// The address of the server, as `host:port`.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Restarts the server with the same settings, stubs and database.
    pub(crate) async fn restart(&mut self) {
        // Stop the old server first: both write their trace to the same file.
        self.server.stop();
        self.server = self.setup.spawn_server(&listen_address());
        self.url = self.server.address().await;
    }

    /// Sets a variable that takes effect at the next start.
    pub(crate) fn set(&mut self, variable: &'static str, value: &str) {
        self.setup.variables.insert(variable, value.to_owned());
    }

    pub(crate) fn database_path(&self) -> PathBuf {
        self.setup.database_path()
    }

    /// The path of the trace, if host calls are traced.
    pub(crate) fn trace_path(&self) -> PathBuf {
        self.setup.trace_path()
    }

    /// Opens another connection to the database.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        let path = self.database_path();
        rusqlite::Connection::open(path).expect("the database opens")
    }

    /// Runs a statement directly on the database. It must change at least one row.
    pub(crate) fn change(&self, statement: &str) {
        let changed = self.database().execute(statement, []);
        let changed = changed.expect("a valid statement");
        assert!(changed > 0, "no row changed by: {statement}");
    }

    /// The number of rows in a table.
    pub(crate) fn count(&self, table: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {table}"))
    }

    /// The single value that a query returns.
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, query: &str) -> T {
        let value = self.database().query_row(query, [], |row| row.get(0));
        value.unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}
