//! A running host with the components of `tests/components`.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
};

use reqwest::{Body, Client, Method, RequestBuilder, Response};
use tempfile::TempDir;

/// The components by the names that manifests here use as their `source`.
const COMPONENTS: [(&str, &str); 3] = [
    ("app", "gatehouse_test_app"),
    ("app-wasi2", "gatehouse_test_app_wasi2"),
    ("middleware", "gatehouse_test_middleware"),
];

/// The process, which is killed on drop.
pub(crate) struct Host {
    child: Child,
    address: String,
    client: Client,
    _dir: TempDir,
}

impl Host {
    /// Starts a host with this manifest, to which the head is added.
    pub(crate) fn start(manifest: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let mut child = command(dir.path(), manifest).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address =
            lines.find_map(|line| Some(line.unwrap().strip_prefix("Serving ")?.to_owned()));
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let Some(address) = address else {
            let mut message = String::new();
            errors.read_to_string(&mut message).unwrap();
            panic!("the host does not serve: {message}");
        };
        // A host whose output nobody reads would stop.
        thread::spawn(move || lines.for_each(drop));
        thread::spawn(move || errors.lines().for_each(drop));
        Self {
            child,
            address,
            client: Client::new(),
            _dir: dir,
        }
    }

    /// The response to a GET with these headers.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send(Method::GET, path, headers, Body::default()).await
    }

    /// The response to a POST.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response {
        self.send(Method::POST, path, headers, body.into()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Response {
        let url = format!("{}{path}", self.address);
        let request = self.client.request(method, url).body(body);
        let add =
            |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        headers.iter().fold(request, add).send().await.unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What a host says that refuses to start with this manifest.
pub(crate) fn refusal(manifest: &str) -> String {
    let dir = TempDir::new().unwrap();
    let Output { status, stderr, .. } = command(dir.path(), manifest).output().unwrap();
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).unwrap()
}

/// All values of a header.
pub(crate) fn values<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let values = response.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

fn command(dir: &Path, manifest: &str) -> Command {
    let head = "spin_manifest_version = 2\n[application]\nname = \"test\"\n";
    let sources = COMPONENTS
        .iter()
        .fold(manifest.to_owned(), |text, (name, file)| {
            let path = built(file);
            text.replace(&format!("{name:?}.wasm"), &format!("{path:?}"))
        });
    let path = dir.join("spin.toml");
    fs::write(&path, format!("{head}{sources}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse-host"));
    command
        .arg("--from")
        .arg(path)
        .args(["--listen", "127.0.0.1:0"])
        // Not where a developer may have a `.env`.
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn built(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join(format!("target/wasm32-wasip2/release/{file}.wasm"));
    assert!(
        path.exists(),
        "{} is missing: run `make test-components` first",
        path.display()
    );
    path
}
