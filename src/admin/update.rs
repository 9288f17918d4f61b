//! The endpoint that changes a user's role and plan.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::authority::{Administrator, FreshnessErrors};
use super::list::parse_role;
use super::store::update::{self, Grants};
use super::target::{LastAdminErrors, Target, TargetErrors, keep_last_administrator};
use super::user::{AdminUser, ManagedUser};
use crate::app::App;
use crate::events::action::USER_UPDATED;
use crate::events::{self, Event};
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::error::validation::Refusal;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::current_user::AccessTokenErrors;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::users::user::{Role, Subscription};

/// Change a user's role or plan
///
/// What is absent stays. A changed role counts at once, except in access tokens that the user already has: their
/// claim `role` keeps the old one until they expire. A change of the role takes a login within the last 10
/// minutes.
#[utoipa::path(
    patch,
    path = "/api/v1/admin/users/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    request_body = UpdateRequest,
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "The changed user", body = AdminUser),
        JsonErrors<UpdateRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        FreshnessErrors,
        TargetErrors,
        LastAdminErrors,
    )
)]
pub async fn update_user(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
    ValidJson(request): ValidJson<UpdateRequest>,
) -> Result<Json<AdminUser>, Error> {
    let now = clock::now();
    let mut transaction = app.database.connect().await?.begin()?;
    let managed = target.find(&mut transaction)?;
    let old = Grants::of(&managed);
    let new = request.apply(old);
    if new.role != old.role {
        administrator.require_fresh(now)?;
    }
    let administrators = &app.settings.administrators;
    if new.role != Role::Admin && !administrators.includes(managed.user.verified_email()) {
        keep_last_administrator(app, &mut transaction, &managed)?;
    }
    update::set_grants(&mut transaction, target.0, new, now)?;
    let actor = administrator.actor();
    for detail in changes(old, new) {
        let event = Event {
            action: USER_UPDATED,
            user: target.0,
            detail,
        };
        events::record_by(app, &mut transaction, &actor, &event, &client, now)?;
    }
    let managed = target.find(&mut transaction)?;
    transaction.commit()?;
    tracing::info!(user = %target.0, actor, "user updated by an administrator");
    Ok(Json(AdminUser::new(app, managed)))
}

impl Grants {
    fn of(managed: &ManagedUser) -> Self {
        Self {
            role: managed.user.role,
            subscription: managed.user.subscription,
            subscription_expires_at: managed.user.subscription_expires_at,
        }
    }
}

/// The details of the events: one for each field that changes.
fn changes(old: Grants, new: Grants) -> Vec<Value> {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
    let values = |grants: Grants| {
        [
            ("account_role", json!(grants.role)),
            ("account_subscription", json!(grants.subscription)),
            (
                "subscription_expires_at",
                json!(time(grants.subscription_expires_at)),
            ),
        ]
    };
    let pairs = values(old).into_iter().zip(values(new));
    let changed = pairs.filter(|(old, new)| old != new);
    changed
        .map(|((field, old), (_, new))| json!({"field": field, "old": old, "new": new}))
        .collect()
}

/// What is to change.
#[derive(ToSchema)]
#[schema(example = json!({"account_subscription": "PRO", "subscription_expires_at": "2027-11-22T11:46:27Z"}))]
pub struct UpdateRequest {
    /// The new role. Null: it stays.
    #[schema(value_type = Option<Role>, required = false)]
    account_role: Option<Role>,
    /// The new plan. Null: it stays.
    #[schema(value_type = Option<Subscription>, required = false)]
    account_subscription: Option<Subscription>,
    /// When the plan ends. Null: it has no end.
    #[schema(value_type = Option<String>, format = DateTime, required = false)]
    subscription_expires_at: Option<Option<Timestamp>>,
}

impl UpdateRequest {
    fn apply(&self, old: Grants) -> Grants {
        Grants {
            role: self.account_role.unwrap_or(old.role),
            subscription: self.account_subscription.unwrap_or(old.subscription),
            subscription_expires_at: self
                .subscription_expires_at
                .unwrap_or(old.subscription_expires_at),
        }
    }
}

impl FromFields for UpdateRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let account_role = fields.optional("account_role", parse_role);
        let account_subscription = fields.optional("account_subscription", parse_subscription);
        let names_end = fields.has("subscription_expires_at");
        let end = fields.optional("subscription_expires_at", parse_time);
        Some(Self {
            account_role,
            account_subscription,
            subscription_expires_at: names_end.then_some(end),
        })
    }
}

/// Parses the name of a plan.
///
/// # Errors
/// It is no plan.
pub fn parse_subscription(text: &str) -> Result<Subscription, Refusal> {
    let refusal = Refusal::Choice("'FREE' or 'PRO'");
    Subscription::from_stored(text).ok_or(refusal)
}

/// Parses a time.
///
/// # Errors
/// It is not RFC 3339.
pub fn parse_time(text: &str) -> Result<Timestamp, &'static str> {
    let refusal = "The time must be in RFC 3339, such as 2027-11-22T11:46:27Z.";
    Timestamp::from_rfc3339(text).ok_or(refusal)
}
