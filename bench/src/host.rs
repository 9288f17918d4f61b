//! The host under test: a process with one component in it, whose end is this value's end.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::tokens::SECRET_KEY;

/// Compiling a component takes its time where no cache holds it.
const START_LIMIT: Duration = Duration::from_secs(300);
/// How long to wait between two looks at whether it serves.
const PAUSE: Duration = Duration::from_millis(1);

/// Who computes nothing for so long has nothing left to compute.
const REST: Duration = Duration::from_millis(200);

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The service.
    Gatehouse,
    /// The service as it was: the file that `AGAINST` names.
    Earlier,
    /// One fixed answer.
    Empty,
    /// A password's hash for each request.
    Hash,
}

/// A running host.
pub struct Host {
    child: Child,
    url: String,
}

impl Component {
    /// Its manifest; one that has to be made is written into `directory`.
    fn manifest(self, directory: &Path) -> Result<PathBuf> {
        let path = match self {
            Self::Gatehouse => "spin.toml",
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

    /// The built component.
    pub fn file(self) -> PathBuf {
        let name = match self {
            Self::Gatehouse | Self::Earlier => "gatehouse",
            Self::Empty => "gatehouse_empty",
            Self::Hash => "gatehouse_hash",
        };
        in_repository(&format!("target/wasm32-wasip2/release/{name}.wasm"))
    }
}

impl Host {
    /// Starts a host whose database lies in `directory`.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(component: Component, directory: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let child = program()
            .arg("--from")
            .arg(component.manifest(directory)?)
            .args(["--quiet", "--listen", &address, "--state-dir"])
            .arg(directory)
            // Where no `.env` of a developer lies.
            .current_dir(directory)
            .envs(settings())
            // It would make every error that a host call passes on cost more.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the host cannot be started")?;
        Ok(Self {
            child,
            url: format!("http://{address}"),
        })
    }

    /// Waits until it serves.
    ///
    /// # Errors
    /// It ends instead, or takes too long.
    pub fn wait(&mut self) -> Result<()> {
        self.wait_until(|host| ureq::get(host.at("/health/live")).call().is_ok())
    }

    /// Waits until `answers` says that it answers.
    ///
    /// # Errors
    /// It ends instead, or takes too long.
    pub fn wait_until(&mut self, answers: impl Fn(&Self) -> bool) -> Result<()> {
        let start = Instant::now();
        while !answers(self) {
            ensure!(self.child.try_wait()?.is_none(), "the host ended");
            ensure!(start.elapsed() < START_LIMIT, "the host does not serve");
            sleep(PAUSE);
        }
        Ok(())
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The most memory that it ever had, in KiB; where the system does not tell, nothing.
    pub fn peak_memory(&self) -> Option<u64> {
        let pid = self.serving_process();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Waits until it computes nothing any more, such as hashes that nobody waits for: what is
    /// measured next would be slower. Where the system does not tell, it does not wait.
    pub fn rest(&self) {
        let mut before = None;
        loop {
            let ticks = self.processor_ticks();
            if ticks == before {
                return;
            }
            before = ticks;
            sleep(REST);
        }
    }

    /// How long it has kept the processor busy, in ticks of the system's clock.
    fn processor_ticks(&self) -> Option<u64> {
        let pid = self.serving_process();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may hold spaces; user and system time are the 12th and 13th after it.
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<_> = fields.split(' ').collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(ticks(11)? + ticks(12)?)
    }

    /// `spin` is two processes, of which the second serves.
    fn serving_process(&self) -> u32 {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let first = children.unwrap_or_default();
        let first = first.split_whitespace().next();
        first.and_then(|pid| pid.parse().ok()).unwrap_or(pid)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Not SIGKILL: `spin` is two processes, and the first would leave the second behind.
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// The component that `AGAINST` names, if it does.
pub fn earlier() -> Option<PathBuf> {
    env::var_os("AGAINST").map(PathBuf::from)
}

/// The service's manifest with the earlier component in the place of today's.
fn manifest_of_earlier() -> Result<String> {
    let file = earlier().context("AGAINST names no component")?;
    let file = fs::canonicalize(&file).with_context(|| file.display().to_string())?;
    let manifest = fs::read_to_string(in_repository("spin.toml"))?;
    let source = "target/wasm32-wasip2/release/gatehouse.wasm";
    Ok(manifest.replace(source, &file.to_string_lossy()))
}

fn program() -> Command {
    if env::var_os("SPIN").is_some_and(|value| value == "1") {
        let mut spin = Command::new("spin");
        spin.arg("up");
        return spin;
    }
    Command::new(in_repository("target/native/gatehouse-host"))
}

/// A path inside the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The service's settings: its defaults, but nobody is held back or asked for a captcha.
fn settings() -> [(&'static str, &'static str); 4] {
    [
        ("SPIN_VARIABLE_SECRET_KEY", SECRET_KEY),
        ("SPIN_VARIABLE_CAPTCHA_PROVIDER", "off"),
        ("SPIN_VARIABLE_EMAIL_PROVIDER", "log"),
        ("SPIN_VARIABLE_THROTTLE", "off"),
    ]
}
