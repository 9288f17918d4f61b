//! There is always an administrator.

use serde_json::json;

use crate::helpers::admin::{
    ADMIN_API_KEY, Administration, administration, administration_of, user_path,
};
use crate::helpers::api_error::LAST_ADMIN;
use crate::helpers::app::Setup;
use crate::helpers::flows::{EMAIL, PASSWORD};

const TOM_IS_ADMIN: &str = "UPDATE users SET account_role = 'ADMIN' WHERE username = 'Tom'";

/// Demotes, disables and deletes Ann, each by the key, and asserts that she stays.
async fn assert_ann_stays(it: &Administration) {
    let demoted = it
        .patch(&it.ann_id, &json!({"account_role": "REGULAR"}))
        .await;
    demoted.assert_error(&LAST_ADMIN);
    it.disable(&it.ann_id).await.assert_error(&LAST_ADMIN);
    let path = user_path(&it.ann_id, "");
    it.delete(&path).await.assert_error(&LAST_ADMIN);
    let deleted = it.app.delete_as(&path, ADMIN_API_KEY).await;
    deleted.assert_error(&LAST_ADMIN);
    let deleted = it.app.delete_account(&it.ann, PASSWORD).await;
    deleted.assert_error(&LAST_ADMIN);
    let shown = it.get(&path).await.assert_status(200).json();
    assert_eq!(shown["account_role"], "ADMIN");
    assert_eq!(
        it.app
            .count("events WHERE action LIKE 'user.d%' OR action = 'user.updated'"),
        0
    );
}

#[tokio::test]
async fn the_last_administrator_can_be_neither_demoted_nor_disabled_nor_deleted() {
    let it = administration().await;
    assert_ann_stays(&it).await;
}

#[tokio::test]
async fn disabled_and_leaving_administrators_do_not_count() {
    let it = administration().await;
    it.app.change(TOM_IS_ADMIN);
    for state in ["disabled_at = 1", "deletes_at = 99999999999"] {
        it.app
            .change(&format!("UPDATE users SET {state} WHERE username = 'Tom'"));
        assert_ann_stays(&it).await;
        it.app.change(
            "UPDATE users SET disabled_at = NULL, deletes_at = NULL WHERE username = 'Tom'",
        );
        it.app
            .database()
            .execute("DELETE FROM events WHERE action = 'deletion.cancelled'", [])
            .expect("a valid statement");
    }
    it.disable(&it.ann_id).await.assert_status(200);
}

#[tokio::test]
async fn an_administrator_by_the_settings_counts_once_verified() {
    let it = administration_of(Setup::new().with("admin_emails", EMAIL)).await;
    assert_ann_stays(&it).await;
    it.app
        .change("UPDATE users SET email_verified_at = '2026-01-01' WHERE username = 'Tom'");
    it.patch(&it.ann_id, &json!({"account_role": "REGULAR"}))
        .await
        .assert_status(200);
    // Tom is the last one now. His stored role does not matter.
    let tom = it.app.access_token(EMAIL).await;
    let path = user_path(&it.tom_id, "");
    it.app
        .delete_as(&path, &tom)
        .await
        .assert_error(&LAST_ADMIN);
    let body = json!({"account_role": "REGULAR"});
    let shown = it
        .app
        .send_as(reqwest::Method::PATCH, &path, &tom, &body)
        .await;
    let shown = shown.assert_status(200).json();
    assert_eq!(shown["account_role"], "ADMIN");
    assert_eq!(shown["admin_by_setting"], true);
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_at_once_leave_one() {
    for _ in 0..5 {
        let it = administration().await;
        it.app.change(TOM_IS_ADMIN);
        let tom = it.app.access_token(EMAIL).await;
        let body = json!({"account_role": "REGULAR"});
        let path = user_path(&it.ann_id, "");
        let (one, other) = tokio::join!(
            it.patch(&it.tom_id, &body),
            it.app.send_as(reqwest::Method::PATCH, &path, &tom, &body)
        );
        let statuses = [one.status, other.status];
        assert_eq!(
            statuses.iter().filter(|it| **it == 200).count(),
            1,
            "{statuses:?}"
        );
        assert_eq!(it.app.count("users WHERE account_role = 'ADMIN'"), 1);
    }
}

#[tokio::test]
async fn with_a_second_administrator_the_first_may_go() {
    let it = administration().await;
    it.app.change(TOM_IS_ADMIN);
    it.app
        .delete_account(&it.ann, PASSWORD)
        .await
        .assert_status(202);
    assert_eq!(it.app.count("users"), 1);
}
