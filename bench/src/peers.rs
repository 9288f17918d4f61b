//! Compares the service with PocketBase, which keeps its users in SQLite as well.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::host::{Host, in_repository};
use crate::load::{Kind, Load, Outcome};
use crate::pair;
use crate::population::PASSWORD;
use crate::report;
use crate::route::Route;
use crate::scale::Scale;
use crate::world::{World, directory_on_disk};

/// The number of connections.
const CONNECTIONS: usize = 16;
const EMAIL: &str = "user@example.com";
/// The collection of users that every new PocketBase has. Anyone can register, and users can view
/// their own records.
const COLLECTION: &str = "/api/collections/users";

/// A PocketBase with one user.
struct PocketBase {
    host: Host,
    /// The user's session.
    login: Login,
    _directory: TempDir,
}

/// The response to a login.
#[derive(Deserialize)]
struct Login {
    token: String,
    record: Record,
}

#[derive(Deserialize)]
struct Record {
    id: String,
}

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    let program = install()?;
    report::heading(
        "PocketBase",
        &format!(
            "{}, with its defaults and one user. The protected GET is compared with a view of the \
             user's record, a login with auth-with-password.",
            version(&program)?
        ),
    );
    let world = World::with_users(scale.users)?;
    let peer = PocketBase::start(&program)?;
    pair::head(["PocketBase", "Gatehouse"]);
    for (route, load) in [
        (Route::TestData, peer.views()),
        (Route::Login, peer.logins()),
    ] {
        let seconds = route.seconds(scale);
        pair::compare(route.name(), CONNECTIONS, scale.rounds, |turn| match turn {
            0 => peer.measure(&load, seconds),
            _ => route.measure(&world, CONNECTIONS, seconds),
        })?;
    }
    Ok(())
}

/// Installs PocketBase, and returns its path.
fn install() -> Result<PathBuf> {
    let output = Command::new(in_repository("scripts/pocketbase.sh")).output()?;
    let reason = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{reason}");
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

fn version(program: &PathBuf) -> Result<String> {
    let output = Command::new(program).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

impl PocketBase {
    fn start(program: &PathBuf) -> Result<Self> {
        let directory = directory_on_disk()?;
        let mut host = Host::spawn(directory.path(), |address| {
            let mut command = Command::new(program);
            command.args(["serve", "--http", address, "--dir"]);
            command.arg(directory.path().join("data"));
            command
        })?;
        host.wait_until(|host| ureq::get(host.at("/api/health")).call().is_ok())?;
        let user = json!({"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD});
        post(&host, "records", &user).context("PocketBase did not register the user")?;
        let login = post(&host, "auth-with-password", &credentials())?;
        Ok(Self {
            login: serde_json::from_str(&login)?,
            host,
            _directory: directory,
        })
    }

    /// Views of the user's record.
    fn views(&self) -> Load {
        let record = &self.login.record.id;
        Load {
            url: self.host.at(&format!("{COLLECTION}/records/{record}")),
            kind: Kind::Authorization,
            status: 200,
            lines: vec![self.login.token.clone()],
        }
    }

    fn logins(&self) -> Load {
        Load {
            url: self.host.at(&format!("{COLLECTION}/auth-with-password")),
            kind: Kind::Json,
            status: 200,
            lines: vec![credentials().to_string()],
        }
    }

    fn measure(&self, load: &Load, seconds: u64) -> Result<Outcome> {
        let outcome = load.run(CONNECTIONS, seconds);
        self.host.wait_until_idle();
        outcome
    }
}

fn credentials() -> Value {
    json!({"identity": EMAIL, "password": PASSWORD})
}

/// Posts to the collection, and returns the body of the response.
fn post(host: &Host, path: &str, body: &Value) -> Result<String> {
    let request = ureq::post(host.at(&format!("{COLLECTION}/{path}")));
    let request = request.header("content-type", "application/json");
    let mut response = request.send(body.to_string())?;
    Ok(response.body_mut().read_to_string()?)
}
