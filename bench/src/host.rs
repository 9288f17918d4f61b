//! The host under test: a process that runs one component and is stopped on drop.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::scale::is_on;
use crate::tokens::SECRET_KEY;

/// Generous, because an uncached component has to be compiled.
const START_LIMIT: Duration = Duration::from_secs(300);
/// The interval between two checks whether the host serves.
const PAUSE: Duration = Duration::from_millis(1);

/// A host that uses no processor time for this long is idle.
const IDLE: Duration = Duration::from_millis(200);

/// A component to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The service.
    Gatehouse,
    /// Its build for WASI 0.2.
    Wasi2,
    /// The bound of the service: only the statement of the protected GET.
    Read,
    /// The bound of its build for WASI 0.2.
    Wasi2Read,
    /// An earlier build of the service: the file that `AGAINST` names.
    Earlier,
    /// One fixed response.
    Empty,
    /// One password hash per request.
    Hash,
}

/// A running host.
pub struct Host {
    child: Child,
    url: String,
}

impl Component {
    /// The path of its manifest; a generated one is written to `directory`.
    fn manifest(self, directory: &Path) -> Result<PathBuf> {
        let path = match self {
            Self::Gatehouse => "spin.toml",
            Self::Wasi2 => "spin.wasi2.toml",
            Self::Read => "bench/read/spin.toml",
            Self::Wasi2Read => "bench/wasi2-read/spin.toml",
            Self::Empty => "bench/empty/spin.toml",
            Self::Hash => "bench/hash/spin.toml",
            Self::Earlier => {
                let path = directory.join("earlier.toml");
                fs::write(&path, manifest_of_earlier()?)?;
                return Ok(path);
            }
        };
        Ok(in_repository(path))
    }

    /// The path of the built component.
    pub fn file(self) -> PathBuf {
        let path = match self {
            Self::Gatehouse | Self::Earlier => "release/gatehouse",
            Self::Wasi2 => "wasi2/gatehouse",
            Self::Read => "release/gatehouse_read",
            Self::Wasi2Read => "wasi2/gatehouse_wasi2_read",
            Self::Empty => "release/gatehouse_empty",
            Self::Hash => "release/gatehouse_hash",
        };
        in_repository(&format!("target/wasm32-wasip2/{path}.wasm"))
    }
}

impl Host {
    /// Starts a host that keeps its database in `directory`.
    pub fn start(component: Component, directory: &Path) -> Result<Self> {
        let manifest = component.manifest(directory)?;
        Self::spawn(directory, |address| {
            let mut command = program();
            command.arg("--from").arg(manifest);
            command.args(["--quiet", "--listen", address, "--state-dir"]);
            command.arg(directory).envs(settings());
            command
        })
    }

    /// Runs the command for a free address in `directory`.
    pub fn spawn(directory: &Path, command: impl FnOnce(&str) -> Command) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let child = command(&address)
            // Not where a developer may have a `.env`.
            .current_dir(directory)
            // Backtraces would make every error of a host call slower.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the host")?;
        Ok(Self {
            child,
            url: format!("http://{address}"),
        })
    }

    /// Waits until the host serves.
    pub fn wait(&mut self) -> Result<()> {
        self.wait_until(|host| ureq::get(host.at("/health/live")).call().is_ok())
    }

    /// Waits until `is_serving` returns true.
    pub fn wait_until(&mut self, is_serving: impl Fn(&Self) -> bool) -> Result<()> {
        let start = Instant::now();
        while !is_serving(self) {
            ensure!(self.child.try_wait()?.is_none(), "the host exited");
            ensure!(
                start.elapsed() < START_LIMIT,
                "the host did not start in time"
            );
            sleep(PAUSE);
        }
        Ok(())
    }

    /// The URL of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The peak resident memory, in KiB, if the system reports it.
    pub fn peak_memory(&self) -> Option<u64> {
        let pid = self.serving_process();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Waits until the host is idle. It may still hash for clients that are gone, which would slow
    /// down the next measurement. Returns at once if the system does not report processor time.
    pub fn wait_until_idle(&self) {
        let mut before = None;
        loop {
            let ticks = self.processor_ticks();
            if ticks == before {
                return;
            }
            before = ticks;
            sleep(IDLE);
        }
    }

    /// The processor time used so far, in clock ticks.
    fn processor_ticks(&self) -> Option<u64> {
        let pid = self.serving_process();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may contain spaces; user and system time are the 12th and 13th
        // fields after it.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<_> = fields.split(' ').collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(ticks(11)? + ticks(12)?)
    }

    /// The process that serves: `spin` starts a child for it.
    fn serving_process(&self) -> u32 {
        let pid = self.child.id();
        first_child(pid).unwrap_or(pid)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Not SIGKILL, which would orphan the child process of `spin`.
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// The earlier component, from `AGAINST`.
pub fn earlier() -> Option<PathBuf> {
    env::var_os("AGAINST").map(PathBuf::from)
}

/// The service's manifest, with the earlier component in place of the current one.
fn manifest_of_earlier() -> Result<String> {
    let file = earlier().context("AGAINST is not set")?;
    let file = fs::canonicalize(&file).with_context(|| file.display().to_string())?;
    let manifest = fs::read_to_string(in_repository("spin.toml"))?;
    let source = "target/wasm32-wasip2/release/gatehouse.wasm";
    Ok(manifest.replace(source, &file.to_string_lossy()))
}

fn program() -> Command {
    if is_on("SPIN") {
        let mut spin = Command::new("spin");
        spin.arg("up").args(spin_flags().split_whitespace());
        return spin;
    }
    Command::new(in_repository("target/native/gatehouse-host"))
}

/// Flags for `spin up` beside the defaults, from `SPIN_FLAGS`.
fn spin_flags() -> String {
    env::var("SPIN_FLAGS").unwrap_or_default()
}

/// The host, for the report.
pub fn describe() -> Result<String> {
    if !is_on("SPIN") {
        return Ok("gatehouse-host".to_owned());
    }
    let output = Command::new("spin").arg("--version").output();
    let output = output.context("cannot start spin")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(match spin_flags().as_str() {
        "" => format!("{version}, default flags"),
        flags => format!("{version}, {flags}"),
    })
}

/// A child of a process, which any of its threads may have started.
fn first_child(pid: u32) -> Option<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    threads.flatten().find_map(|thread| {
        let children = fs::read_to_string(thread.path().join("children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    })
}

/// Resolves a path relative to the repository's root.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The service's settings: the defaults, without throttling and captcha.
fn settings() -> [(&'static str, &'static str); 4] {
    [
        ("SPIN_VARIABLE_SECRET_KEY", SECRET_KEY),
        ("SPIN_VARIABLE_CAPTCHA_PROVIDER", "off"),
        ("SPIN_VARIABLE_EMAIL_PROVIDER", "log"),
        ("SPIN_VARIABLE_THROTTLE", "off"),
    ]
}
