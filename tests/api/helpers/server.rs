//! The server under test: a process that is stopped on drop.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::time::eventually;

/// Generous, because an uncached component has to be compiled.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running host with the component.
pub(crate) struct Server {
    child: Child,
    output: PathBuf,
}

impl Server {
    /// Starts a host with the service, which keeps its database and its output in `directory`.
    pub(crate) fn start<'a>(
        directory: &Path,
        listen: &str,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
        flags: &[OsString],
    ) -> Self {
        component();
        let manifest = in_repository(manifest());
        Self::start_from(&manifest, directory, listen, variables, flags)
    }

    /// Starts a host with the components of this manifest.
    pub(crate) fn start_from<'a>(
        manifest: &Path,
        directory: &Path,
        listen: &str,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
        flags: &[OsString],
    ) -> Self {
        let output = directory.join("output.log");
        let log = File::create(&output).expect("the output file can be written");
        let variables = variables.map(|(name, value)| {
            let name = format!("SPIN_VARIABLE_{}", name.to_uppercase());
            (OsString::from(name), OsString::from(value))
        });
        let child = host()
            .arg("--from")
            .arg(manifest)
            .args(["--listen", listen, "--state-dir"])
            .arg(directory)
            .args(flags)
            // Another process may have taken the port in the meantime.
            .args(is_spin().then_some("--find-free-port"))
            // Not where a developer may have a `.env`.
            .current_dir(directory)
            .env_clear()
            .envs(inherited_variables())
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(
                log.try_clone()
                    .expect("the output file has a second handle"),
            )
            .stderr(log)
            .spawn()
            .expect("the host starts");
        Self { child, output }
    }

    /// Waits until the host serves, and returns its URL.
    pub(crate) async fn address(&mut self) -> String {
        let served_at = async || {
            let ended = self.child.try_wait().expect("the status of the host");
            assert!(ended.is_none(), "the host exited: {}", self.output());
            served_at(&self.output())
        };
        eventually("the host serves", START_LIMIT, served_at).await
    }

    /// Waits until the host exits by itself.
    pub(crate) async fn wait_for_exit(&mut self) -> ExitStatus {
        let ended = async || self.child.try_wait().expect("the status of the host");
        eventually("the host exits", START_LIMIT, ended).await
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The peak resident memory.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    fn memory_kib(&self, name: &str) -> u64 {
        let pid = self.pid().as_raw_nonzero();
        let status =
            fs::read_to_string(format!("/proc/{pid}/status")).expect("the server is running");
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        let value = value.and_then(|value| value.trim().strip_suffix(" kB"));
        value.expect("a size").parse().expect("a number")
    }

    /// Kills the host without giving it a chance to clean up, like a power failure.
    pub(crate) fn kill(&self) {
        // First the child process of `spin`, which serves and would go on.
        for child in self.children() {
            // Fails if it has already exited.
            let _ = kill_process(child, Signal::KILL);
        }
        kill_process(self.pid(), Signal::KILL).expect("the host is running");
    }

    fn children(&self) -> Vec<Pid> {
        let pid = self.pid().as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children.split_whitespace().map(str::parse);
        pids.filter_map(|pid| Pid::from_raw(pid.ok()?)).collect()
    }

    /// Terminates the host, and waits for it to exit.
    pub(crate) fn stop(&mut self) {
        // Not SIGKILL, which would orphan the child process of `spin`.
        // Fails if the host has already exited.
        let _ = kill_process(self.pid(), Signal::TERM);
        let _ = self.child.wait();
    }

    /// The host's output so far.
    pub(crate) fn output(&self) -> String {
        let output = fs::read(&self.output).expect("the output file can be read");
        String::from_utf8_lossy(&output).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            eprintln!("Output of the host:\n{}", self.output());
        }
    }
}

/// An address to listen on. The host picks a free port itself; `spin` needs to be given one.
pub(crate) fn listen_address() -> String {
    if !is_spin() {
        return "127.0.0.1:0".to_owned();
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    address.to_string()
}

/// Whether `SPIN=1` selects `spin` from the PATH instead of the host.
pub(crate) fn is_spin() -> bool {
    env::var_os("SPIN").is_some_and(|value| value == "1")
}

/// Whether `BUILD=wasi2` selects the build for WASI 0.2, where every request has a new instance.
pub(crate) fn is_wasi2() -> bool {
    env::var_os("BUILD").is_some_and(|value| value == "wasi2")
}

/// Whether `DATABASE=libsql` makes the host behave like Spin with a libSQL server.
pub(crate) fn is_libsql() -> bool {
    env::var_os("DATABASE").is_some_and(|value| value == "libsql")
}

/// The host's flags that make it so.
pub(crate) const LIBSQL_FLAGS: [&str; 2] = ["--libsql-latency", "0"];

/// Resolves a path relative to the repository's root.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The path of the built component.
pub(crate) fn component() -> PathBuf {
    let profile = if is_wasi2() { "wasi2" } else { "release" };
    let path = format!("target/wasm32-wasip2/{profile}/gatehouse.wasm");
    built(in_repository(&path))
}

/// The service's manifest with a second component, which calls the first.
pub(crate) fn manifest_with_caller() -> String {
    let manifest = in_repository(manifest());
    let manifest = fs::read_to_string(manifest).expect("a readable manifest");
    let target = in_repository("target").display().to_string();
    let manifest = manifest.replace("source = \"target", &format!("source = \"{target}"));
    let caller = if is_wasi2() {
        "gatehouse_test_app_wasi2"
    } else {
        "gatehouse_test_app"
    };
    let caller = format!("target/wasm32-wasip2/release/{caller}.wasm");
    component();
    format!(
        "{manifest}\n[[trigger.http]]\nroute = \"/caller\"\ncomponent = \"caller\"\n\
         [component.caller]\nsource = {:?}\n\
         allowed_outbound_hosts = [\"http://gatehouse.spin.internal\"]\n",
        built(in_repository(&caller))
    )
}

fn manifest() -> &'static str {
    if is_wasi2() {
        "spin.wasi2.toml"
    } else {
        "spin.toml"
    }
}

fn host() -> Command {
    if is_spin() {
        let mut spin = Command::new("spin");
        spin.arg("up");
        return spin;
    }
    let host = env::var_os("GATEHOUSE_HOST").map(PathBuf::from);
    let host = host.unwrap_or_else(|| in_repository("target/native/gatehouse-host"));
    Command::new(built(host))
}

/// The path of a built file.
pub(crate) fn built(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run `make build` first",
        path.display()
    );
    path
}

/// The environment without the developer's own settings.
fn inherited_variables() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("SPIN_VARIABLE_"))
}

fn served_at(output: &str) -> Option<String> {
    let mut complete_lines = output
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let address = complete_lines.find_map(|line| line.trim().strip_prefix("Serving "))?;
    Some(address.trim_end_matches('/').to_owned())
}
