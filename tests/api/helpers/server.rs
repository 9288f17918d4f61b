//! The server under test: a process whose end is the test's end.

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

/// Compiling the component takes its time where no cache holds it.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running host with the component in it.
pub(crate) struct Server {
    child: Child,
    output: PathBuf,
}

impl Server {
    /// Starts a host in `directory`, where its database and its output lie, with flags of its own.
    pub(crate) fn start<'a>(
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
            .arg(in_repository("spin.toml"))
            .args(["--listen", listen, "--state-dir"])
            .arg(directory)
            .args(flags)
            // Where no `.env` of a developer lies.
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

    /// Waits until it serves, and says where.
    pub(crate) async fn address(&mut self) -> String {
        let served_at = async || {
            let ended = self.child.try_wait().expect("the host's state is known");
            assert!(ended.is_none(), "the host ended: {}", self.output());
            served_at(&self.output())
        };
        eventually("the host serves", START_LIMIT, served_at).await
    }

    /// Waits until it ends by itself.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        let ended = async || self.child.try_wait().expect("the host's state is known");
        eventually("the host ends", START_LIMIT, ended).await
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The most memory that it ever had.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    fn memory_kib(&self, name: &str) -> u64 {
        let pid = self.pid().as_raw_nonzero();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the server runs");
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        let value = value.and_then(|value| value.trim().strip_suffix(" kB"));
        value.expect("a size").parse().expect("a number")
    }

    /// Ends it as a power cut would: nothing is finished, nobody is told.
    pub(crate) fn kill(&self) {
        kill_process(self.pid(), Signal::KILL).expect("the host runs");
    }

    /// Tells it to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        // Not SIGKILL: `spin` is two processes, and the first would leave the second behind.
        // One that has ended already needs no signal.
        let _ = kill_process(self.pid(), Signal::TERM);
        let _ = self.child.wait();
    }

    /// Everything it has written so far.
    pub(crate) fn output(&self) -> String {
        let output = fs::read(&self.output).expect("the output file can be read");
        String::from_utf8_lossy(&output).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            eprintln!("The host wrote:\n{}", self.output());
        }
    }
}

/// An address to listen on. The host takes a free port itself, `spin` wants to be told one.
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

/// Whether the suite runs against `spin` from the path, by `SPIN=1`.
pub(crate) fn is_spin() -> bool {
    env::var_os("SPIN").is_some_and(|value| value == "1")
}

/// A path inside the repository.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The built component.
pub(crate) fn component() -> PathBuf {
    built(in_repository("target/wasm32-wasip2/release/gatehouse.wasm"))
}

fn host() -> Command {
    component();
    if is_spin() {
        let mut spin = Command::new("spin");
        spin.arg("up");
        return spin;
    }
    let host = env::var_os("GATEHOUSE_HOST").map(PathBuf::from);
    let host = host.unwrap_or_else(|| in_repository("target/native/gatehouse-host"));
    Command::new(built(host))
}

fn built(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run `make build` first",
        path.display()
    );
    path
}

/// The environment without settings of the developer's own.
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
