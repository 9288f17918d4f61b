//! A database that cannot be written: writes fail as agreed, reads go on, nothing is half-done.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::helpers::api_error::DB_ERROR;
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration_of};

const NEW_PASSWORD: &str = "battery staple 2";
/// The size of the disk that gets full.
const DISK: &str = "size=4m";

/// Runs a command that needs rights which not everybody has; says so where they are missing.
fn may(command: &str, arguments: &[&str]) -> bool {
    let output = Command::new(command).args(arguments).output();
    let done = output.as_ref().is_ok_and(|output| output.status.success());
    if !done {
        println!("skipped, for {command} {arguments:?} is not possible here: {output:?}");
    }
    done
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// A file that not even root can write, as long as this lives.
struct Immutable(PathBuf);

impl Immutable {
    fn make(path: PathBuf) -> Option<Self> {
        may("chattr", &["+i", text(&path)]).then_some(Self(path))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        may("chattr", &["-i", text(&self.0)]);
    }
}

/// A small disk, as long as this lives.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).expect("a directory to mount it on");
        let arguments = ["-t", "tmpfs", "-o", DISK, "none", text(&path)];
        may("mount", &arguments).then_some(Self(path))
    }

    /// Leaves no byte of it free.
    fn fill(&self) {
        let filler = vec![0; 8 << 20];
        let result = fs::write(self.0.join("filler"), filler);
        assert!(result.is_err(), "the disk is full");
    }

    fn clear(&self) {
        fs::remove_file(self.0.join("filler")).expect("the filler is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the server still has its files open.
        may("umount", &["-l", text(&self.0)]);
    }
}

/// Writes fail, and reads do not.
async fn assert_only_reads_work(app: &App, tokens: &Tokens, reset_token: &str) {
    for answer in [
        app.register(&registration_of("late@example.com", "late"))
            .await,
        app.login(EMAIL, PASSWORD).await,
        app.refresh(&tokens.refresh).await,
        app.logout(&tokens.refresh).await,
        app.reset_password(reset_token, NEW_PASSWORD).await,
    ] {
        answer.assert_error(&DB_ERROR);
    }
    app.test_data(&tokens.access).await.assert_status(200);
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    app.get("/health/live").await.assert_status(200);
}

/// What failed has used nothing up.
async fn assert_everything_works(app: &App, tokens: &Tokens, reset_token: &str) {
    assert_eq!(app.count("users"), 1);
    app.refresh(&tokens.refresh).await.assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    app.reset_password(reset_token, NEW_PASSWORD)
        .await
        .assert_status(200);
    let integrity: String = app.value("PRAGMA integrity_check");
    assert_eq!(integrity, "ok");
}

#[tokio::test]
async fn a_database_that_is_read_only_is_read() {
    let mut app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let reset_token = app.next_reset_token(EMAIL).await;
    app.server.kill();
    // The server looks once whether it may write; its connections are opened by requests.
    app.restart().await;
    let Some(immutable) = Immutable::make(app.database_path()) else {
        return;
    };
    assert_only_reads_work(&app, &tokens, &reset_token).await;
    drop(immutable);
    app.server.kill();
    app.restart().await;
    assert_everything_works(&app, &tokens, &reset_token).await;
}

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let setup = Setup::new();
    let database = setup.database_path();
    let Some(disk) = Disk::mount(database.with_extension("disk")) else {
        return;
    };
    symlink(disk.0.join("database"), &database).expect("a link to the disk");
    let app = setup.spawn().await;
    let tokens = app.log_tom_in().await;
    let reset_token = app.next_reset_token(EMAIL).await;
    disk.fill();
    assert_only_reads_work(&app, &tokens, &reset_token).await;
    disk.clear();
    assert_everything_works(&app, &tokens, &reset_token).await;
}
