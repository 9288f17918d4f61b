//! Unwritable storage: writes fail with a database error, reads work, and no partial write remains.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::helpers::api_error::DB_ERROR;
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration_of};
use crate::helpers::server::is_wasi2;
use crate::helpers::time::{SOON, eventually};

const NEW_PASSWORD: &str = "battery staple 2";
/// The size of the disk that fills up.
const DISK: &str = "size=4m";

/// Runs a privileged command. Returns false and prints why if that is not possible.
fn try_run(command: &str, arguments: &[&str]) -> bool {
    let output = Command::new(command).args(arguments).output();
    let done = output.as_ref().is_ok_and(|output| output.status.success());
    if !done {
        println!("skipped: {command} {arguments:?} failed: {output:?}");
    }
    done
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// A file that not even root can write until this is dropped.
struct Immutable(PathBuf);

impl Immutable {
    fn make(path: PathBuf) -> Option<Self> {
        try_run("chattr", &["+i", text(&path)]).then_some(Self(path))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        try_run("chattr", &["-i", text(&self.0)]);
    }
}

/// A small disk that is mounted until this is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).expect("a mount point");
        let arguments = ["-t", "tmpfs", "-o", DISK, "none", text(&path)];
        try_run("mount", &arguments).then_some(Self(path))
    }

    /// Waits until nothing has the database open. The last one to close it deletes its log, which frees
    /// space.
    async fn wait_until_closed(&self) {
        let log = self.0.join("database-wal");
        let is_closed = async || (!log.exists()).then_some(());
        eventually("the database is closed", SOON, is_closed).await;
    }

    /// Fills the disk completely.
    fn fill(&self) {
        let filler = vec![0; 8 << 20];
        let result = fs::write(self.0.join("filler"), filler);
        assert!(result.is_err(), "the disk is not full");
    }

    fn clear(&self) {
        fs::remove_file(self.0.join("filler")).expect("a filler");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazy, because the server still has files open.
        try_run("umount", &["-l", text(&self.0)]);
    }
}

/// Asserts that writes fail.
async fn assert_no_writes_work(app: &App, tokens: &Tokens, reset_token: &str) {
    for response in [
        app.register(&registration_of("late@example.com", "late"))
            .await,
        app.login(EMAIL, PASSWORD).await,
        app.refresh(&tokens.refresh).await,
        app.logout(&tokens.refresh).await,
        app.reset_password(reset_token, NEW_PASSWORD).await,
    ] {
        response.assert_error(&DB_ERROR);
    }
}

/// Asserts that reads work.
async fn assert_reads_work(app: &App, tokens: &Tokens) {
    app.test_data(&tokens.access).await.assert_status(200);
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    app.get("/health/live").await.assert_status(200);
}

/// Asserts that the failed attempts used nothing up.
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
async fn reads_work_on_a_read_only_database() {
    let mut app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let reset_token = app.next_reset_token(EMAIL).await;
    app.server.kill();
    // The server checks that the file is writable at startup, and opens its connections on requests.
    app.restart().await;
    let Some(immutable) = Immutable::make(app.database_path()) else {
        return;
    };
    assert_no_writes_work(&app, &tokens, &reset_token).await;
    assert_reads_work(&app, &tokens).await;
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
    // With WASI 0.2, each request opens the database, and SQLite needs space to create its log.
    let keeps_connections = !is_wasi2();
    if !keeps_connections {
        disk.wait_until_closed().await;
    }
    disk.fill();
    assert_no_writes_work(&app, &tokens, &reset_token).await;
    if keeps_connections {
        assert_reads_work(&app, &tokens).await;
    }
    disk.clear();
    assert_everything_works(&app, &tokens, &reset_token).await;
}
