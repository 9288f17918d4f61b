//! An application behind the guard, for each way to put it there.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, redirect};
use tempfile::TempDir;

use super::server::{Server, built, in_repository, is_wasi2, listen_address};
use super::stub::{Reply, Stub};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// The variables of the guard.
const VARIABLES: [&str; 7] = [
    "guard_gatehouse",
    "guard_upstream",
    "guard_origin",
    "guard_public_paths",
    "guard_require_role",
    "guard_require_subscription",
    "guard_require_verified",
];

/// What middleware needs of the application's configuration.
const INHERITED: [&str; 2] = ["allowed_outbound_hosts", "variables"];

/// How the guard stands before the application.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wiring {
    /// Composed with it.
    Middleware,
    /// A component of its own, which calls it.
    Gateway,
    /// The same, built for WASI 0.2.
    GatewayOfWasi2,
}

/// The wirings of the build under test.
pub(crate) fn wirings() -> &'static [Wiring] {
    if is_wasi2() {
        &[Wiring::GatewayOfWasi2]
    } else {
        &[Wiring::Middleware, Wiring::Gateway]
    }
}

impl Wiring {
    /// The path of the built guard.
    pub(crate) fn guard(self) -> PathBuf {
        let profile = match self {
            Self::Middleware => "release",
            Self::Gateway => "gateway",
            Self::GatewayOfWasi2 => "wasi2",
        };
        let path = format!("target/wasm32-wasip2/{profile}/gatehouse_guard.wasm");
        built(in_repository(&path))
    }

    /// The path of the application behind it.
    fn echo(self) -> PathBuf {
        let name = match self {
            Self::Middleware | Self::Gateway => "gatehouse_echo",
            Self::GatewayOfWasi2 => "gatehouse_echo_wasi2",
        };
        built(in_repository(&format!(
            "target/wasm32-wasip2/release/{name}.wasm"
        )))
    }

    fn manifest(self, inherited: &[&str]) -> String {
        let source = |path: PathBuf| format!("source = {path:?}\n");
        let guard = source(self.guard());
        let echo = source(self.echo());
        let declarations = VARIABLES.map(|name| match name {
            // Spin before 4.1 refuses a host that is empty by default.
            "guard_gatehouse" => format!("{name} = {{ required = true }}\n"),
            _ => format!("{name} = {{ default = \"\" }}\n"),
        });
        let values = VARIABLES.map(|name| format!("{name} = \"{{{{ {name} }}}}\"\n"));
        let configuration = |id: &str| {
            format!(
                "allowed_outbound_hosts = [\"{{{{ guard_gatehouse }}}}\", \"http://echo.spin.internal\"]\n\
                 [component.{id}.variables]\n{}",
                values.concat()
            )
        };
        let head = format!(
            "spin_manifest_version = 2\n[application]\nname = \"guarded\"\n[variables]\n{}\
             [[trigger.http]]\nroute = \"/...\"\n",
            declarations.concat()
        );
        match self {
            Self::Middleware => format!(
                "{head}component = \"echo\"\ndependencies.middleware = [{{ component = \"guard\", \
                 inherit_configuration = {inherited:?} }}]\n\
                 [component.guard]\n{guard}[component.echo]\n{echo}{}",
                configuration("echo")
            ),
            Self::Gateway | Self::GatewayOfWasi2 => format!(
                "{head}component = \"guard\"\n\
                 [[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"echo\"\n\
                 [component.echo]\n{echo}[component.guard]\n{guard}{}",
                configuration("guard")
            ),
        }
    }
}

/// A guarded application, which describes the requests that reach it.
pub(crate) struct Guarded {
    pub(crate) server: Server,
    url: String,
    http: Client,
    _directory: TempDir,
}

impl Guarded {
    /// Starts it with these variables, and waits until it serves.
    pub(crate) async fn start(wiring: Wiring, variables: &[(&str, &str)]) -> Self {
        Self::start_inheriting(&INHERITED, wiring, variables).await
    }

    /// Starts it with this in `inherit_configuration`, if it is middleware.
    pub(crate) async fn start_inheriting(
        inherited: &[&str],
        wiring: Wiring,
        variables: &[(&str, &str)],
    ) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let manifest = directory.path().join("spin.toml");
        fs::write(&manifest, wiring.manifest(inherited)).expect("a writable manifest");
        let upstream = ("guard_upstream", "http://echo.spin.internal");
        let variables = [upstream].into_iter().chain(variables.iter().copied());
        let listen = listen_address();
        let mut server = Server::start_from(&manifest, directory.path(), &listen, variables, &[]);
        // A redirect is a result.
        let http = Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .redirect(redirect::Policy::none());
        Self {
            url: server.address().await,
            server,
            http: http.build().expect("an HTTP client"),
            _directory: directory,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// The address of the server, as `host:port`.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

/// The headers of Gatehouse's answer about a session.
pub(crate) fn session() -> HeaderMap {
    let values = [
        (
            "x-gatehouse-user-id",
            "0b8f6a52-7c7e-4b55-8b6e-0d9f2f4a6c01",
        ),
        ("x-gatehouse-username", "Tom"),
        ("x-gatehouse-email", "tom@example.com"),
        ("x-gatehouse-email-verified", "false"),
        ("x-gatehouse-role", "REGULAR"),
        ("x-gatehouse-subscription", "FREE"),
        (
            "x-gatehouse-session",
            "5d0e9f2c-0d3a-4f0a-9b53-0c5c3b0a7a11",
        ),
    ];
    let values = values.into_iter();
    let header = |(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    values.map(header).collect()
}

/// A stub of Gatehouse that knows one session.
pub(crate) async fn stub_of_gatehouse() -> Stub {
    Stub::start(Reply::Headers(200, session())).await
}
